#include "ops/optimizer.h"

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"
#include "kernels/optimizers.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Many arrays walked as if they were one, so that a pass over a model's hundreds of small
// parameters is as many tiles as their elements need.
class Concatenation {
 public:
  explicit Concatenation(const std::vector<int64_t>& counts) {
    starts_.reserve(counts.size() + 1);
    starts_.push_back(0);
    for (int64_t count : counts) starts_.push_back(starts_.back() + count);
  }

  int64_t count() const { return starts_.back(); }

  // body(array, begin, n) for each piece of an array in [begin, end) of the whole.
  template <class Body>
  void ForPieces(int64_t begin, int64_t end, const Body& body) const {
    size_t array = std::upper_bound(starts_.begin(), starts_.end(), begin) - starts_.begin() - 1;
    for (; begin < end; ++array) {
      const int64_t stop = std::min(end, starts_[array + 1]);
      if (begin < stop) body(array, begin - starts_[array], stop - begin);
      begin = stop;
    }
  }

 private:
  std::vector<int64_t> starts_;
};

template <class Operand>
bool HoldAll(const std::vector<Operand>& operands, const std::vector<int64_t>& counts) {
  if (operands.size() != counts.size()) return false;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!Holds(operands[i], counts[i])) return false;
  }
  return true;
}

float ScaleOf(const In<float>& gradient_scale) { return gradient_scale ? *gradient_scale : 1.0f; }

}  // namespace

bool StepInputs::Valid(size_t count) const {
  if (!Holds(learning_rate, 1) || members.size() != count) return false;
  return std::all_of(members.begin(), members.end(), [this](int64_t member) {
    return member >= 0 && static_cast<size_t>(member) < steps.count;
  });
}

std::vector<double> StepInputs::Advance() const {
  std::vector<double> numbers;
  numbers.reserve(members.size());
  for (int64_t member : members) numbers.push_back(steps[member] += 1);
  return numbers;
}

bool SgdStep::Valid() const {
  return HoldAll(parameters, counts) && (momentum.empty() || HoldAll(momentum, counts)) &&
         HoldAll(gradients, counts) && learning_rate_scales.size() == counts.size() &&
         weight_decays.size() == counts.size() && inputs.Valid(counts.size()) &&
         HoldsOrAbsent(gradient_scale, 1);
}

void SgdStep::Run(Context& context) {
  const std::vector<double> steps = inputs.Advance();
  const double learning_rate = *inputs.learning_rate;
  const float scale = ScaleOf(gradient_scale);
  const Concatenation all(counts);
  ForElements(context, all.count(), [&](int64_t begin, int64_t n) {
    all.ForPieces(begin, begin + n, [&](size_t i, int64_t at, int64_t size) {
      kernels::SgdStep(parameters[i] + at, momentum.empty() ? nullptr : momentum[i] + at,
                       gradients[i] + at, size, learning_rate * learning_rate_scales[i],
                       momentum_factor, dampening, weight_decays[i], nesterov, steps[i] == 1,
                       scale);
    });
  });
}

bool AdamWStep::Valid() const {
  return HoldAll(parameters, counts) && HoldAll(first_moments, counts) &&
         HoldAll(second_moments, counts) && HoldAll(gradients, counts) &&
         learning_rate_scales.size() == counts.size() && weight_decays.size() == counts.size() &&
         inputs.Valid(counts.size()) && HoldsOrAbsent(gradient_scale, 1);
}

void AdamWStep::Run(Context& context) {
  const std::vector<double> steps = inputs.Advance();
  const double learning_rate = *inputs.learning_rate;
  const float scale = ScaleOf(gradient_scale);
  const Concatenation all(counts);
  ForElements(context, all.count(), [&](int64_t begin, int64_t n) {
    all.ForPieces(begin, begin + n, [&](size_t i, int64_t at, int64_t size) {
      kernels::AdamWStep(parameters[i] + at, first_moments[i] + at, second_moments[i] + at,
                         gradients[i] + at, size, learning_rate * learning_rate_scales[i], beta1,
                         beta2, eps, weight_decays[i], 1 - std::pow(beta1, steps[i]),
                         1 - std::pow(beta2, steps[i]), scale);
    });
  });
}

bool GradientNorm::Valid() const {
  return HoldAll(gradients, counts) && Holds(norm, 1) && Holds(scale, 1);
}

void GradientNorm::Run(Context& context) {
  const Concatenation all(counts);
  std::vector<double> partials(CeilDiv(all.count(), kElementsPerTile), 0.0);
  ForRanges(context, all.count(), kElementsPerTile, [&](int64_t begin, int64_t end, int) {
    all.ForPieces(begin, end, [&](size_t i, int64_t at, int64_t size) {
      partials[begin / kElementsPerTile] += kernels::SumSquares(gradients[i] + at, size);
    });
  });
  double sum = 0;
  for (double partial : partials) sum += partial;
  norm[0] = static_cast<float>(std::sqrt(sum));
  const float coefficient = max_norm / (norm[0] + 1e-6f);
  scale[0] =
      coefficient > 1 ? 1 : coefficient;  // a NaN norm gives a NaN scale, as PyTorch's clamp does
  if (!apply) return;
  ForElements(context, all.count(), [&](int64_t begin, int64_t n) {
    all.ForPieces(begin, begin + n, [&](size_t i, int64_t at, int64_t size) {
      kernels::Scale(gradients[i] + at, gradients[i] + at, scale[0], size);
    });
  });
}

}  // namespace vitrine::ops
