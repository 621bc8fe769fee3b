#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// About `flops` floating-point operations as fused multiply-adds on registers alone: as fast as a
// core can go. Gives a number that depends on all of them.
extern const PerIsa<float(int64_t flops)> PeakFma;

// Likewise as dot products of bfloat16 pairs into float32, for a CPU that HasBf16().
float PeakBf16Dot(int64_t flops) noexcept;

}  // namespace vitrine::kernels
