#pragma once

#include <cstdint>
#include <vector>

#include "ops/concatenation.h"
#include "ops/op.h"

namespace vitrine::ops {

// The L2 norm over all arrays, summed tile by tile in double.
double NormOf(Context& context, const Concatenation& all, const std::vector<const float*>& arrays);

template <class Operand>
std::vector<const float*> PointersOf(const std::vector<Operand>& operands) {
  std::vector<const float*> pointers;
  pointers.reserve(operands.size());
  for (const Operand& operand : operands) pointers.push_back(operand.data);
  return pointers;
}

// norm = the L2 norm over all gradients; scale = min(1, max_norm / (norm + 1e-6)), as
// torch.nn.utils.clip_grad_norm_. The optimizer's pass multiplies by scale, so gradients are read
// once only; with `apply` they are scaled here.
struct GradientNorm {
  Out<float> norm, scale;  // (1) each
  std::vector<Out<float>> gradients;
  std::vector<int64_t> counts;
  float max_norm;
  bool apply;
  OP("gradientNorm", norm, scale, gradients, counts, max_norm, apply);
  bool Valid() const;
};

// Every gradient within [-limit, limit], in place: torch.nn.utils.clip_grad_value_.
struct ClampGradients {
  std::vector<Out<float>> gradients;
  std::vector<int64_t> counts;
  float limit;
  OP("clampGradients", gradients, counts, limit);
  bool Valid() const;
};

// averages += weight * (values - averages), all in one pass: torch._foreach_lerp_. The weight is a
// storage, so that a replayed step sees a new one.
struct LerpStep {
  std::vector<Out<float>> averages;
  std::vector<In<float>> values;
  std::vector<int64_t> counts;
  In<float> weight;         // (1)
  OptionalIn<float> guard;  // (1): of GuardFinite; absent means 0
  OP("lerpStep", averages, values, counts, weight, guard);
  bool Valid() const;
};

}  // namespace vitrine::ops
