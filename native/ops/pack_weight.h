#pragma once

#include "gemm/gemm.h"
#include "ops/op.h"
#include "runtime/cpu.h"

namespace vitrine::ops {

// A weight (out, in) as products read it, of KeptFloats() floats: for products between which nobody
// writes the weight.
struct PackWeight {
  Out<float> y;
  In<float> weight;  // (out, in)
  int64_t out, in;
  int32_t precision;  // gemm::Precision of the factors
  OP("packWeight", y, weight, out, in, precision);
  bool Valid() const;
};

// Whether an operand is absent, or can be what PackWeight has left of such a weight, which is known
// to fit memory.
bool KeptOrAbsent(const In<float>& kept, int64_t out, int64_t in, gemm::Precision precision);

}  // namespace vitrine::ops
