#include "ops/optimizer.h"

#include <algorithm>
#include <cmath>

#include "kernels/optimizers.h"
#include "ops/concatenation.h"

namespace vitrine::ops {
bool StepInputs::Valid(const std::vector<int64_t>& counts) const {
  const auto all_below = [](const std::vector<int64_t>& positions, size_t end) {
    return std::all_of(positions.begin(), positions.end(), [end](int64_t position) {
      return position >= 0 && static_cast<size_t>(position) < end;
    });
  };
  return HoldAll(gradients, counts) && members.size() == counts.size() &&
         groups.size() == counts.size() && learning_rate_scales.size() == counts.size() &&
         weight_decays.size() == counts.size() && all_below(members, steps.count) &&
         all_below(groups, learning_rates.count) && HoldsOrAbsent(gradient_scale, 1) &&
         HoldsOrAbsent(guard, 1);
}

std::vector<double> StepInputs::Advance() const {
  std::vector<double> numbers;
  numbers.reserve(members.size());
  for (int64_t member : members) numbers.push_back(steps[member] += 1);
  return numbers;
}

void GuardFinite::Run(Context&) {
  if (!std::isfinite(*value)) *guard = 1;
}

bool SgdStep::Valid() const {
  return HoldAll(parameters, counts) && (momentum.empty() || HoldAll(momentum, counts)) &&
         inputs.Valid(counts);
}

void SgdStep::Run(Context& context) {
  if (inputs.IsLeftOut()) return;
  const std::vector<double> steps = inputs.Advance();
  const float scale = inputs.GradientScale();
  ForPieces(context, Concatenation(counts), [&](size_t i, int64_t at, int64_t size) {
    kernels::SgdStep(parameters[i] + at, momentum.empty() ? nullptr : momentum[i] + at,
                     inputs.gradients[i] + at, size, inputs.Rate(i), momentum_factor, dampening,
                     inputs.weight_decays[i], nesterov, steps[i] == 1, scale);
  });
}

bool AdamStep::Valid() const {
  return HoldAll(parameters, counts) && HoldAll(first_moments, counts) &&
         HoldAll(second_moments, counts) && inputs.Valid(counts);
}

void AdamStep::Run(Context& context) {
  if (inputs.IsLeftOut()) return;
  const std::vector<double> steps = inputs.Advance();
  const float scale = inputs.GradientScale();
  ForPieces(context, Concatenation(counts), [&](size_t i, int64_t at, int64_t size) {
    kernels::AdamStep(parameters[i] + at, first_moments[i] + at, second_moments[i] + at,
                      inputs.gradients[i] + at, size, inputs.Rate(i), beta1, beta2, eps,
                      inputs.weight_decays[i], decoupled, 1 - std::pow(beta1, steps[i]),
                      1 - std::pow(beta2, steps[i]), scale);
  });
}

bool LionStep::Valid() const {
  return HoldAll(parameters, counts) && HoldAll(momentum, counts) && inputs.Valid(counts);
}

void LionStep::Run(Context& context) {
  if (inputs.IsLeftOut()) return;
  inputs.Advance();
  const float scale = inputs.GradientScale();
  ForPieces(context, Concatenation(counts), [&](size_t i, int64_t at, int64_t size) {
    kernels::LionStep(parameters[i] + at, momentum[i] + at, inputs.gradients[i] + at, size,
                      inputs.Rate(i), beta1, beta2, inputs.weight_decays[i], scale);
  });
}

}  // namespace vitrine::ops
