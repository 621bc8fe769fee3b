#pragma once

#include <cstdint>
#include <vector>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// What changes from step to step lies in storages, so that a replayed step sees new values: the
// learning rate, and how many steps each of the optimizer's parameters has taken. Those that have a
// gradient take one more here; as in PyTorch, the others stay where they are.
struct StepInputs {
  Out<float> steps;              // of every parameter; exact up to 2^24
  In<float> learning_rate;       // (1)
  std::vector<int64_t> members;  // the parameters at hand, as positions in `steps`
  bool Valid(size_t count) const;
  // Counts the step, and gives each one's number, 1 for the first.
  std::vector<double> Advance() const;
};

// One pass over all parameters: torch.optim.SGD's update.
// Per parameter i: count[i] elements, its own factors of the learning rate and weight decay
// (parameter groups).
struct SgdStep {
  static constexpr const char* kName = "sgdStep";
  std::vector<Out<float>> parameters, momentum;  // momentum is empty without momentum
  std::vector<In<float>> gradients;
  std::vector<int64_t> counts;
  std::vector<float> learning_rate_scales, weight_decays;
  StepInputs inputs;
  In<float> gradient_scale;  // (1): from clipping; absent means 1
  double momentum_factor,
      dampening;  // doubles, as PyTorch's: 1 - 0.999f is wrong in its fifth digit
  bool nesterov;
  template <class F>
  void Fields(F& f) {
    f(parameters, momentum, inputs.steps, gradients, counts, learning_rate_scales, weight_decays,
      inputs.learning_rate, inputs.members, gradient_scale, momentum_factor, dampening, nesterov);
  }
  bool Valid() const;
  void Run(Context& context);
};

// torch.optim.AdamW's update, in one pass.
struct AdamWStep {
  static constexpr const char* kName = "adamwStep";
  std::vector<Out<float>> parameters, first_moments, second_moments;
  std::vector<In<float>> gradients;
  std::vector<int64_t> counts;
  std::vector<float> learning_rate_scales, weight_decays;
  StepInputs inputs;
  In<float> gradient_scale;
  double beta1, beta2, eps;
  template <class F>
  void Fields(F& f) {
    f(parameters, first_moments, second_moments, inputs.steps, gradients, counts,
      learning_rate_scales, weight_decays, inputs.learning_rate, inputs.members, gradient_scale,
      beta1, beta2, eps);
  }
  bool Valid() const;
  void Run(Context& context);
};

// norm = the L2 norm over all gradients; scale = min(1, max_norm / (norm + 1e-6)), as
// torch.nn.utils.clip_grad_norm_. The optimizer's pass multiplies by scale, so gradients are read
// once only; with `apply` they are scaled here.
struct GradientNorm {
  static constexpr const char* kName = "gradientNorm";
  Out<float> norm, scale;  // (1) each
  std::vector<Out<float>> gradients;
  std::vector<int64_t> counts;
  float max_norm;
  bool apply;
  template <class F>
  void Fields(F& f) {
    f(norm, scale, gradients, counts, max_norm, apply);
  }
  bool Valid() const;
  void Run(Context& context);
};

}  // namespace vitrine::ops
