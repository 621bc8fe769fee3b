#include "ops/gradients.h"

#include <cmath>

#include "kernels/elementwise.h"
#include "kernels/optimizers.h"
#include "ops/ranges.h"

namespace vitrine::ops {

double NormOf(Context& context, const Concatenation& all, const std::vector<const float*>& arrays) {
  std::vector<double> partials(CeilDiv(all.count(), kElementsPerTile), 0.0);
  ForRanges(context, all.count(), kElementsPerTile, [&](int64_t begin, int64_t end, int) {
    all.ForPieces(begin, end, [&](size_t i, int64_t at, int64_t size) {
      partials[begin / kElementsPerTile] += kernels::SumSquares(arrays[i] + at, size);
    });
  });
  double sum = 0;
  for (double partial : partials) sum += partial;
  return std::sqrt(sum);
}

bool GradientNorm::Valid() const {
  return HoldAll(gradients, counts) && Holds(norm, 1) && Holds(scale, 1);
}

void GradientNorm::Run(Context& context) {
  const Concatenation all(counts);
  norm[0] = static_cast<float>(NormOf(context, all, PointersOf(gradients)));
  const float coefficient = max_norm / (norm[0] + 1e-6f);
  scale[0] =
      coefficient > 1 ? 1 : coefficient;  // a NaN norm gives a NaN scale, as PyTorch's clamp does
  if (!apply) return;
  ForPieces(context, all, [&](size_t i, int64_t at, int64_t size) {
    kernels::Scale(gradients[i] + at, gradients[i] + at, scale[0], size);
  });
}

bool ClampGradients::Valid() const { return HoldAll(gradients, counts); }

void ClampGradients::Run(Context& context) {
  ForPieces(context, Concatenation(counts), [&](size_t i, int64_t at, int64_t size) {
    kernels::ClampInPlace(gradients[i] + at, size, limit);
  });
}

bool LerpStep::Valid() const {
  return HoldAll(averages, counts) && HoldAll(values, counts) && Holds(weight, 1) &&
         HoldsOrAbsent(guard, 1);
}

void LerpStep::Run(Context& context) {
  if (guard && *guard != 0) return;
  ForPieces(context, Concatenation(counts), [&](size_t i, int64_t at, int64_t size) {
    kernels::Lerp(averages[i] + at, values[i] + at, *weight, size);
  });
}

}  // namespace vitrine::ops
