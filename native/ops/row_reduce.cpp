#include "ops/row_reduce.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/softmax.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// What is known of a part of a row: each reduction says what its numbers are.
struct Partial {
  double a = 0, b = 0;
  int64_t i = 0;
  bool overflows = false;
};

int32_t IntegerAt(const float* x, int64_t i) { return std::bit_cast<int32_t>(x[i]); }

// a: the largest, or the smallest; i: the first place that has it. A NaN is both.
template <bool kLargest, bool kIntegers>
struct Extremum {
  static bool Beats(double challenger, double champion) {
    if (std::isnan(champion)) return false;
    return (kLargest ? challenger > champion : challenger < champion) || std::isnan(challenger);
  }
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    const auto at = [&](int64_t i) -> double {
      return kIntegers ? IntegerAt(x, i) : static_cast<double>(x[i]);
    };
    Partial best{at(begin), 0, begin};
    for (int64_t i = begin + 1; i < begin + n; ++i) {
      if (Beats(at(i), best.a)) best = {at(i), 0, i};
    }
    return best;
  }
  static Partial Join(const Partial& p, const Partial& q) { return Beats(q.a, p.a) ? q : p; }
  static double Finish(const Partial& p, float) { return p.a; }
};

// a: the product.
struct ProductOf {
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    Partial p{1};
    for (int64_t i = begin; i < begin + n; ++i) p.a *= x[i];
    return p;
  }
  static Partial Join(const Partial& p, const Partial& q) { return {p.a * q.a}; }
  static double Finish(const Partial& p, float) { return p.a; }
};

// a: the mean; b: the squared deviations from it; i: the number of elements. Two passes over a
// chunk, and Chan, Golub and LeVeque's (1979) formula to put them together.
struct Variance {
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    double sum = 0, squares = 0;
    for (int64_t i = begin; i < begin + n; ++i) sum += x[i];
    const double mean = sum / static_cast<double>(n);
    for (int64_t i = begin; i < begin + n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    return {mean, squares, n};
  }
  static Partial Join(const Partial& p, const Partial& q) {
    const double of_p = static_cast<double>(p.i), of_q = static_cast<double>(q.i);
    const double step = q.a - p.a, both = of_p + of_q;
    return {p.a + step * of_q / both, p.b + q.b + step * step * of_p * of_q / both, p.i + q.i};
  }
  static double Finish(const Partial& p, float correction) {
    return p.b / std::max(0.0, static_cast<double>(p.i) - correction);
  }
};

struct StandardDeviation : Variance {
  static double Finish(const Partial& p, float correction) {
    return std::sqrt(Variance::Finish(p, correction));
  }
};

// b: the sum of e^(x - a), where a is the largest, or 0 where that is infinite.
struct LogSumExp {
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    float shift, sum;
    kernels::SumExp(&shift, &sum, x + begin, n);
    return {shift, sum};
  }
  static Partial Join(const Partial& p, const Partial& q) {
    // Nothing to add, and nothing that could be added to.
    if (q.b == 0 || std::isinf(p.b)) return p;
    if (p.b == 0 || std::isinf(q.b)) return q;
    const double shift = std::max(p.a, q.a);
    return {shift, p.b * std::exp(p.a - shift) + q.b * std::exp(q.a - shift)};
  }
  static double Finish(const Partial& p, float) { return p.a + std::log(p.b); }
};

// a: the sum of squares.
struct Norm {
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    return {kernels::SumSquares(x + begin, n)};
  }
  static Partial Join(const Partial& p, const Partial& q) { return {p.a + q.a}; }
  static double Finish(const Partial& p, float) { return std::sqrt(p.a); }
};

// i: the sum of integers; a row is too short to overflow 64 bits.
struct IntegerSum {
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    Partial p;
    for (int64_t i = begin; i < begin + n; ++i) p.i += IntegerAt(x, i);
    return p;
  }
  static Partial Join(const Partial& p, const Partial& q) { return {0, 0, p.i + q.i}; }
  static double Finish(const Partial& p, float) { return static_cast<double>(p.i); }
};

// i: the product of integers, 0 however large the others are.
struct IntegerProduct {
  static Partial Times(const Partial& p, int64_t factor, bool overflows) {
    Partial product{0, 0, 0, false};
    if (p.i == 0 || factor == 0) return product;
    product.overflows = __builtin_mul_overflow(p.i, factor, &product.i) || p.overflows || overflows;
    if (product.overflows) product.i = 1;
    return product;
  }
  static Partial Part(const float* x, int64_t begin, int64_t n) {
    Partial p{0, 0, 1};
    for (int64_t i = begin; i < begin + n; ++i) p = Times(p, IntegerAt(x, i), false);
    return p;
  }
  static Partial Join(const Partial& p, const Partial& q) { return Times(p, q.i, q.overflows); }
  static double Finish(const Partial& p, float) {
    return p.overflows ? HUGE_VAL : static_cast<double>(p.i);
  }
};

struct Reduction {
  Partial (*part)(const float*, int64_t, int64_t);
  Partial (*join)(const Partial&, const Partial&);
  double (*finish)(const Partial&, float);
  bool integers;
};

template <class Of, bool kIntegers = false>
constexpr Reduction kReduction = {&Of::Part, &Of::Join, &Of::Finish, kIntegers};

// A reduction's number is its place here, and in ROW_REDUCTION of lib/native.ts.
constexpr Reduction kReductions[] = {
    kReduction<Extremum<true, false>>,
    kReduction<Extremum<false, false>>,
    kReduction<ProductOf>,
    kReduction<Variance>,
    kReduction<StandardDeviation>,
    kReduction<LogSumExp>,
    kReduction<Norm>,
    kReduction<Extremum<true, true>, true>,
    kReduction<Extremum<false, true>, true>,
    kReduction<IntegerSum, true>,
    kReduction<IntegerProduct, true>,
};

}  // namespace

int32_t RowReductionCount() { return static_cast<int32_t>(std::size(kReductions)); }

void RowReduce::Run(Context& context) {
  if (width == 0 || rows == 0) return;
  const Reduction& reduction = kReductions[operation];
  const int64_t chunks = CeilDiv(width, kElementsPerTile);
  std::vector<Partial> partials(static_cast<size_t>(rows * chunks));
  ForRows(context, rows * chunks, std::min(width, kElementsPerTile), [&](int64_t begin, int64_t n) {
    for (int64_t i = begin; i < begin + n; ++i) {
      const int64_t at = i % chunks * kElementsPerTile;
      const int64_t count = std::min(kElementsPerTile, width - at);
      partials[i] = reduction.part(x + i / chunks * width, at, count);
    }
  });
  for (int64_t row = 0; row < rows; ++row) {
    Partial whole = partials[row * chunks];
    for (int64_t i = 1; i < chunks; ++i) whole = reduction.join(whole, partials[row * chunks + i]);
    const double value = reduction.finish(whole, correction);
    if (index != nullptr) index[row] = static_cast<int32_t>(whole.i);
    if (!reduction.integers) {
      y[row] = static_cast<float>(value);
      continue;
    }
    if (!(value >= INT32_MIN && value <= INT32_MAX)) {
      context.Fail(
          "Expected a result of 32 bits for a reduction of int32 but received a larger one at "
          "index " +
              std::to_string(row) + ". Reduce to('float32').",
          site);
      return;
    }
    y[row] = std::bit_cast<float>(static_cast<int32_t>(value));
  }
}

}  // namespace vitrine::ops
