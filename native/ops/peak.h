#pragma once

#include "kernels/peak.h"
#include "ops/op.h"
#include "runtime/cpu.h"

namespace vitrine::ops {

// Arithmetic on registers alone, `flops` operations on each of `tiles` tiles: what the machine can
// do at best, for benchmarks to compare with. y (tiles) keeps the compiler from dropping it.
struct PeakFma {
  Out<float> y;
  int64_t tiles;
  int64_t flops;
  bool bf16;
  OP("peakFma", y, tiles, flops, bf16);
  bool Valid() const { return Holds(y, tiles) && (!bf16 || HasBf16()); }
};

inline void PeakFma::Run(Context& context) {
  context.ParallelFor(tiles, [&](int64_t tile, int) {
    y[tile] = bf16 ? kernels::PeakBf16Dot(flops) : kernels::PeakFma(flops);
  });
}

}  // namespace vitrine::ops
