#pragma once

#include <cstdint>
#include <vector>

#include "ops/op.h"

namespace vitrine::ops {

// What all optimizers go by. What changes from step to step lies in storages, so that a replayed
// step sees new values: each group's learning rate, and how many steps each of the optimizer's
// parameters has taken. Those that have a gradient take one more here; as in PyTorch, the others
// stay where they are. Per parameter i: count[i] elements, its group's learning rate and its own
// factor of that, its weight decay.
struct StepInputs {
  Out<float> steps;  // of every parameter; exact up to 2^24
  std::vector<In<float>> gradients;
  std::vector<float> learning_rate_scales, weight_decays;
  In<float> learning_rates;              // of each group
  std::vector<int64_t> members, groups;  // positions in `steps` and in `learning_rates`
  OptionalIn<float> gradient_scale;      // (1): from clipping; absent means 1
  OptionalIn<float> guard;               // (1): of GuardFinite; absent means 0
  FIELDS(steps, gradients, learning_rate_scales, weight_decays, learning_rates, members, groups,
         gradient_scale, guard);
  bool Valid(const std::vector<int64_t>& counts) const;
  // Whether the step is left out: a loss was not finite, and the weights are to stay as they are.
  bool IsLeftOut() const { return guard && *guard != 0; }
  // Counts the step, and gives each one's number, 1 for the first.
  std::vector<double> Advance() const;
  double Rate(size_t i) const {
    return static_cast<double>(learning_rates[groups[i]]) * learning_rate_scales[i];
  }
  float GradientScale() const { return gradient_scale ? *gradient_scale : 1.0f; }
};

// Sets the guard (1), 0 at first, to 1 for good where the value (1) is not finite: steps with that
// guard are left out from then on, those that are on their way already among them.
struct GuardFinite {
  Out<float> guard;
  In<float> value;
  OP("guardFinite", guard, value);
  bool Valid() const { return Holds(guard, 1) && Holds(value, 1); }
};

// One pass over all parameters: torch.optim.SGD's update.
struct SgdStep {
  std::vector<Out<float>> parameters, momentum;  // momentum is empty without momentum
  std::vector<int64_t> counts;
  StepInputs inputs;
  double momentum_factor,
      dampening;  // doubles, as PyTorch's: 1 - 0.999f is wrong in its fifth digit
  bool nesterov;
  OP("sgdStep", parameters, momentum, counts, inputs, momentum_factor, dampening, nesterov);
  bool Valid() const;
};

// torch.optim.Adam's update, in one pass; with `decoupled`, torch.optim.AdamW's.
struct AdamStep {
  std::vector<Out<float>> parameters, first_moments, second_moments;
  std::vector<int64_t> counts;
  StepInputs inputs;
  double beta1, beta2, eps;
  bool decoupled;
  OP("adamStep", parameters, first_moments, second_moments, counts, inputs, beta1, beta2, eps,
     decoupled);
  bool Valid() const;
};

// The update of Chen et al. 2023, as timm's Lion does it, in one pass.
struct LionStep {
  std::vector<Out<float>> parameters, momentum;
  std::vector<int64_t> counts;
  StepInputs inputs;
  double beta1, beta2;
  OP("lionStep", parameters, momentum, counts, inputs, beta1, beta2);
  bool Valid() const;
};

}  // namespace vitrine::ops
