#pragma once

#include "ops/op.h"
#include "ops/optimizer.h"

namespace vitrine::ops {

// timm's Lamb (You et al. 2020, with the global clipping of NVIDIA's variant). A parameter's step
// is as long as the ratio of its norm to its update's says, which is known only when all of the
// update is: a first pass changes the moments and sums the norms, a second makes the update again
// and takes it, so that no update is kept.
struct LambStep {
  std::vector<Out<float>> parameters, first_moments, second_moments;
  std::vector<int64_t> counts;
  StepInputs inputs;
  double beta1, beta2, eps;
  double max_grad_norm;  // 0: not clipped
  bool bias_correction, grad_averaging, trust_clip, always_adapt;
  OP("lambStep", parameters, first_moments, second_moments, counts, inputs, beta1, beta2, eps,
     max_grad_norm, bias_correction, grad_averaging, trust_clip, always_adapt);
  bool Valid() const;
};

}  // namespace vitrine::ops
