#include "ops/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/random.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Whole numbers from 0 to 2^32 - 2, those that randint(-2^31, 2^31 - 1) draws, less its lowest.
class Words {
 public:
  Words(const GeneratorState& state, uint64_t skip)
      : seed_(state.seed), next_(state.drawn + skip) {}

  uint32_t Next() {
    if (at_ == kPiece) {
      kernels::IntFill(words_, kPiece, INT32_MIN, INT32_MAX, seed_, next_);
      next_ += kPiece;
      at_ = 0;
    }
    return static_cast<uint32_t>(words_[at_++]) ^ 0x80000000u;
  }

  // In (0, 1).
  double NextUniform() { return (Next() + 0.5) * 0x1p-32; }

 private:
  static constexpr int kPiece = 256;
  const uint64_t seed_;
  uint64_t next_;
  int32_t words_[kPiece] = {};
  int at_ = kPiece;
};

bool ValidWeights(Context& context, const Multinomial& op) {
  for (int64_t row = 0; row < op.rows; ++row) {
    const float* weights = op.x + row * op.classes;
    int64_t positive = 0;
    for (int64_t c = 0; c < op.classes; ++c) {
      if (!(weights[c] >= 0 && std::isfinite(weights[c]))) {
        context.Fail("Expected finite weights of at least 0 for multinomial but received " +
                         std::to_string(weights[c]) + " at class " + std::to_string(c) +
                         " of row " + std::to_string(row) + ". Give probabilities, not logits.",
                     op.site);
        return false;
      }
      if (weights[c] > 0) ++positive;
    }
    const int64_t least = op.replacement ? std::min<int64_t>(1, op.samples) : op.samples;
    if (positive < least) {
      context.Fail("Expected at least " + std::to_string(least) +
                       " weights above 0 for multinomial but received " + std::to_string(positive) +
                       " in row " + std::to_string(row) + ". Draw fewer, or with replacement.",
                   op.site);
      return false;
    }
  }
  return true;
}

// By the sums of the weights up to each class.
void DrawWithReplacement(int32_t* y, const float* weights, int64_t classes, int64_t samples,
                         Words& words) {
  std::vector<double> sums(weights, weights + classes);
  std::partial_sum(sums.begin(), sums.end(), sums.begin());
  for (int64_t i = 0; i < samples; ++i) {
    const double at = words.NextUniform() * sums.back();
    y[i] = static_cast<int32_t>(std::upper_bound(sums.begin(), sums.end(), at) - sums.begin());
  }
}

// The order in which exponential clocks of the weights' rates go off is that of drawing one after
// the other (Efraimidis and Spirakis 2006), PyTorch's way as well.
void DrawWithoutReplacement(int32_t* y, const float* weights, int64_t classes, int64_t samples,
                            Words& words) {
  std::vector<double> times(classes);
  for (int64_t c = 0; c < classes; ++c) {
    const double clock = -std::log(words.NextUniform());
    times[c] = weights[c] > 0 ? clock / weights[c] : INFINITY;
  }
  std::vector<int32_t> order(classes);
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + samples, order.end(), [&](int32_t a, int32_t b) {
    return times[a] < times[b] || (times[a] == times[b] && a < b);
  });
  std::copy_n(order.begin(), samples, y);
}

}  // namespace

void RandomPermutation::Run(Context&) {
  std::iota(y.data, y.data + count, 0);
  Words words(*state, 0);
  // Fisher and Yates: biased by at most count / 2^32, as whole numbers that are drawn are.
  for (int64_t i = count - 1; i > 0; --i) {
    const uint64_t range = static_cast<uint64_t>(i) + 1;
    std::swap(y[i], y[static_cast<int64_t>((words.Next() * range) >> 32)]);
  }
  state.data->drawn += count;
}

void Multinomial::Run(Context& context) {
  // Of nothing, any number of rows is held.
  if (Product(rows, std::max(classes, samples)) == 0) return;
  if (!ValidWeights(context, *this)) return;
  const GeneratorState before = *state;
  const int64_t draws = replacement ? samples : classes;
  if (samples > 0) {
    ForRows(context, rows, classes + samples, [&](int64_t begin, int64_t n) {
      for (int64_t row = begin; row < begin + n; ++row) {
        Words words(before, static_cast<uint64_t>(row * draws));
        const auto draw = replacement ? DrawWithReplacement : DrawWithoutReplacement;
        draw(y + row * samples, x + row * classes, classes, samples, words);
      }
    });
  }
  state.data->drawn = before.drawn + rows * draws;
}

}  // namespace vitrine::ops
