#include "ops/lamb.h"

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"
#include "kernels/optimizers.h"
#include "ops/concatenation.h"
#include "ops/gradients.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Elements whose update is at hand at a time: 4 KB, which stay in the first cache.
constexpr int64_t kChunk = 1024;

// Squares of a parameter's and of its update's elements, summed.
struct Squares {
  double parameter = 0, update = 0;
};

// How far a parameter goes, of its learning rate; 1 where either norm is 0.
double TrustRatio(const Squares& squares, bool clipped) {
  const double parameter = std::sqrt(squares.parameter), update = std::sqrt(squares.update);
  const double ratio = parameter > 0 && update > 0 ? parameter / update : 1;
  return clipped ? std::min(ratio, 1.0) : ratio;
}

}  // namespace

bool LambStep::Valid() const {
  return HoldAll(parameters, counts) && HoldAll(first_moments, counts) &&
         HoldAll(second_moments, counts) && inputs.Valid(counts);
}

void LambStep::Run(Context& context) {
  if (inputs.IsLeftOut()) return;
  const std::vector<double> steps = inputs.Advance();
  const Concatenation all(counts);
  float scale = inputs.GradientScale();
  if (max_grad_norm > 0) {
    const double norm = scale * NormOf(context, all, PointersOf(inputs.gradients));
    const double excess = norm / max_grad_norm;
    if (!(excess <= 1)) scale = static_cast<float>(scale / excess);  // NaN stays NaN
  }
  const auto correction = [&](double beta, size_t i) {
    return bias_correction ? 1 - std::pow(beta, steps[i]) : 1.0;
  };
  const auto make_update = [&](size_t i, int64_t at, int64_t n, float* update) {
    kernels::LambUpdate(update, parameters[i] + at, first_moments[i] + at, second_moments[i] + at,
                        n, eps, inputs.weight_decays[i], correction(beta1, i),
                        correction(beta2, i));
  };
  const int64_t tiles = CeilDiv(all.count(), kElementsPerTile);
  // Of each tile, the squares of each parameter that has a part in it, in order.
  std::vector<std::vector<std::pair<size_t, Squares>>> partials(tiles);
  ForRanges(context, all.count(), kElementsPerTile, [&](int64_t begin, int64_t end, int) {
    auto& sums = partials[begin / kElementsPerTile];
    all.ForPieces(begin, end, [&](size_t i, int64_t at, int64_t size) {
      kernels::LambMoments(first_moments[i] + at, second_moments[i] + at, inputs.gradients[i] + at,
                           size, beta1, grad_averaging ? 1 - beta1 : 1, beta2, scale);
      Squares squares{kernels::SumSquares(parameters[i] + at, size), 0};
      float update[kChunk];
      for (int64_t done = 0; done < size; done += kChunk) {
        const int64_t n = std::min(kChunk, size - done);
        make_update(i, at + done, n, update);
        squares.update += kernels::SumSquares(update, n);
      }
      sums.emplace_back(i, squares);
    });
  });
  std::vector<Squares> totals(counts.size());
  for (const auto& tile : partials) {
    for (const auto& [i, squares] : tile) {
      totals[i].parameter += squares.parameter;
      totals[i].update += squares.update;
    }
  }
  ForRanges(context, all.count(), kElementsPerTile, [&](int64_t begin, int64_t end, int) {
    all.ForPieces(begin, end, [&](size_t i, int64_t at, int64_t size) {
      // timm: what does not decay is not adapted either, unless it is asked for.
      const bool adapts = inputs.weight_decays[i] != 0 || always_adapt;
      const double ratio = adapts ? TrustRatio(totals[i], trust_clip) : 1;
      const float step = static_cast<float>(-inputs.Rate(i) * ratio);
      float update[kChunk];
      for (int64_t done = 0; done < size; done += kChunk) {
        const int64_t n = std::min(kChunk, size - done);
        make_update(i, at + done, n, update);
        kernels::Axpy(parameters[i] + at + done, update, step, n);
      }
    });
  });
}

}  // namespace vitrine::ops
