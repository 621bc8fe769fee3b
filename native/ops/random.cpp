#include "ops/random.h"

#include <algorithm>
#include <cmath>

#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/random.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

void FillUniform(float* y, int64_t n, float low, float high, const GeneratorState& state,
                 uint64_t offset) {
  kernels::UniformFill(y, n, state.seed, offset);
  if (low == 0 && high == 1) return;
  kernels::Affine(y, y, high - low, low, n);
  // Rounding can reach `high`, which is not in the range.
  const float largest = std::nextafter(high, low);
  for (int64_t i = 0; i < n; ++i) y[i] = std::min(y[i], largest);
}

void FillNormal(float* y, int64_t n, float mean, float deviation, const GeneratorState& state,
                uint64_t offset, bool truncated) {
  truncated ? kernels::TruncatedNormalFill(y, n, state.seed, offset)
            : kernels::NormalFill(y, n, state.seed, offset);
  if (mean != 0 || deviation != 1) kernels::Affine(y, y, deviation, mean, n);
}

// y = x through the mask that `drawn` gives; forward and, with gradients for x, backward.
void Drop(Context& context, float* y, const float* x, int64_t groups, int64_t size, float p,
          const GeneratorState& drawn) {
  if (Product(groups, size) == 0) return;
  if (size == 1) {
    ForElements(context, groups, [&](int64_t begin, int64_t n) {
      kernels::DropoutForward(y + begin, x + begin, n, p, drawn.seed, drawn.drawn + begin);
    });
    return;
  }
  const int64_t piece = std::min(std::max<int64_t>(1, size), kElementsPerTile);
  const int64_t pieces = CeilDiv(size, piece);
  ForRows(context, groups * pieces, piece, [&](int64_t begin, int64_t n) {
    for (int64_t i = begin; i < begin + n; ++i) {
      const int64_t group = i / pieces;
      const int64_t at = i % pieces * piece;
      const int64_t count = std::min(piece, size - at);
      float scale = 1;
      kernels::DropoutForward(&scale, &scale, 1, p, drawn.seed, drawn.drawn + group);
      float* out = y + group * size + at;
      if (scale == 0) {
        std::fill_n(out, count, 0.0f);
      } else {
        kernels::Scale(out, x + group * size + at, scale, count);
      }
    }
  });
}

}  // namespace

void RandomFill::Run(Context& context) {
  const GeneratorState before = *state;
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    const uint64_t offset = before.drawn + begin;
    const auto kind = static_cast<Distribution>(distribution);
    switch (kind) {
      case Distribution::kUniform:
        return FillUniform(y + begin, n, static_cast<float>(low), static_cast<float>(high), before,
                           offset);
      case Distribution::kNormal:
      case Distribution::kTruncatedNormal:
        return FillNormal(y + begin, n, static_cast<float>(low), static_cast<float>(high), before,
                          offset, kind == Distribution::kTruncatedNormal);
      case Distribution::kInteger:
        return kernels::IntFill(reinterpret_cast<int32_t*>(y.data) + begin, n,
                                static_cast<int32_t>(low), static_cast<int32_t>(high), before.seed,
                                offset);
    }
  });
  state.data->drawn = before.drawn + count;
}

void DropoutForward::Run(Context& context) {
  const GeneratorState before = *state;
  *drawn = before;
  Drop(context, y, x, groups, size, p, before);
  state.data->drawn = before.drawn + groups;
}

void DropoutBackward::Run(Context& context) { Drop(context, dx, dy, groups, size, p, *drawn); }

}  // namespace vitrine::ops
