#include "kernels/short_attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/short_attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/attention-inl.h"
#include "kernels/pack-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Rows whose scores are in registers together, and vectors of a row.
constexpr int kMaxRows = 8;
constexpr int kMaxVectors = 2;

// Of keys and of queries.
constexpr int64_t kMaxTokens = kMaxVectors * static_cast<int64_t>(hn::MaxLanes(F32()));
int64_t MaxTokens() { return kMaxTokens; }

// A head's scratch. Rows of scores are kMaxTokens floats long, however many are used.
struct Scratch {
  float* k;   // (width, keys), times scale
  float* v;   // (width, keys)
  float* p;   // (queries, keys)
  float* ds;  // (queries, keys)

  Scratch(float* at, int64_t width) {
    k = at;
    v = k + width * kMaxTokens;
    p = v + width * kMaxTokens;
    ds = p + kMaxTokens * kMaxTokens;
  }
};

template <int kVectors>
struct Scores {
  VF row[kMaxRows][kVectors];
};

// kRows rows of a (rows, width) times packed b (width, keys).
template <int kRows, int kVectors>
HWY_INLINE Scores<kVectors> MultiplyRows(const float* a, int64_t lda, const float* b,
                                         int64_t width) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  Scores<kVectors> sum;
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) sum.row[r][v] = hn::Zero(d);
  }
  for (int64_t p = 0; p < width; ++p, b += kMaxTokens) {
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      const VF factor = Splat(a[r * lda + p]);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) {
        sum.row[r][v] = hn::MulAdd(factor, hn::LoadU(d, b + v * lanes), sum.row[r][v]);
      }
    }
  }
  return sum;
}

// Rows [i, i + kRows) of a head: p = exp(scores - their maximum), the maxima and the sums.
template <int kRows, int kVectors>
struct SoftmaxRows {
  static void Run(const ShortHead& head, const Scratch& scratch, float* maxima, float* sums,
                  int64_t i) {
    const F32 d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t last = (kVectors - 1) * lanes;  // the first key of the last vector
    auto scores = MultiplyRows<kRows, kVectors>(head.q + i * head.q_stride, head.q_stride,
                                                scratch.k, head.width);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      VF* row = scores.row[r];
      row[kVectors - 1] = Cut(row[kVectors - 1], head.keys - last);
      const VF most =
          hn::MaxOfLanes(d, kVectors == 1 ? row[0] : hn::Max(row[0], row[kVectors - 1]));
      VF sum = hn::Zero(d);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) {
        const VF p = ExpOfScore(hn::Sub(row[v], most));
        sum = hn::Add(sum, p);
        hn::StoreU(p, d, scratch.p + (i + r) * kMaxTokens + v * lanes);
      }
      sums[i + r] = hn::GetLane(hn::SumOfLanes(d, sum));
      maxima[i + r] = hn::GetLane(most);
    }
  }
};

// Rows [i, i + kRows) of a head: p, the probabilities, and ds, the gradient of the scores.
template <int kRows, int kVectors>
struct GradientRows {
  static void Run(const ShortHead& head, const Scratch& scratch, const float* dy, int64_t y_stride,
                  const float* maximum, const float* inverse_sum, int64_t i) {
    const F32 d;
    const int64_t lanes = hn::Lanes(d);
    const int64_t last = (kVectors - 1) * lanes;
    const auto scores = MultiplyRows<kRows, kVectors>(head.q + i * head.q_stride, head.q_stride,
                                                      scratch.k, head.width);
    const auto dp =
        MultiplyRows<kRows, kVectors>(dy + i * y_stride, y_stride, scratch.v, head.width);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      const VF shift = Splat(maximum[i + r]);
      const VF factor = Splat(inverse_sum[i + r]);
      VF p[kVectors];
      VF dots = hn::Zero(d);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) {
        VF score = scores.row[r][v];
        if (v == kVectors - 1) score = Cut(score, head.keys - last);
        p[v] = hn::Mul(ExpOfScore(hn::Sub(score, shift)), factor);
        dots = hn::MulAdd(p[v], dp.row[r][v], dots);
      }
      // The sum of p dp is that of y dy, too.
      const VF delta = hn::SumOfLanes(d, dots);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) {
        const int64_t at = (i + r) * kMaxTokens + v * lanes;
        const VF ds = hn::Mul(hn::Mul(Splat(head.scale), p[v]), hn::Sub(dp.row[r][v], delta));
        hn::StoreU(p[v], d, scratch.p + at);
        hn::StoreU(ds, d, scratch.ds + at);
      }
    }
  }
};

// c (m,n) = a (m,k) b (k,n), for a in scratch, as stored or transposed; its row i times
// row_scale[i] unless that is null.
struct Product {
  float* c;
  int64_t ldc;
  const float* a;
  const float* b;
  int64_t ldb;
  int64_t m, n, k;
  const float* row_scale;
};

// Rows [i, i + kRows) of c.
template <int kRows, int kTransposeA>
struct ProductRows {
  static void Run(const Product& x, int64_t i) {
    const int64_t row_step = kTransposeA ? 1 : kMaxTokens;
    const int64_t step = kTransposeA ? kMaxTokens : 1;
    ForEachVector(x.n, [&](auto io, size_t j) KERNEL_INLINE {
      VF sum[kRows];
      HWY_UNROLL(16)
      for (int r = 0; r < kRows; ++r) sum[r] = hn::Zero(F32());
      const float* a = x.a + i * row_step;
      const float* b = x.b + j;
      for (int64_t p = 0; p < x.k; ++p, a += step, b += x.ldb) {
        const VF row = io.Load(b);
        HWY_UNROLL(16)
        for (int r = 0; r < kRows; ++r) sum[r] = hn::MulAdd(Splat(a[r * row_step]), row, sum[r]);
      }
      HWY_UNROLL(16)
      for (int r = 0; r < kRows; ++r) {
        if (x.row_scale != nullptr) sum[r] = hn::Mul(sum[r], Splat(x.row_scale[i + r]));
        io.Store(sum[r], x.c + (i + r) * x.ldc + j);
      }
    });
  }
};

// Rows<kRows, kSecond>::Run(args..., i) for all rows [i, i + kRows) of [0, count), in nearly equal
// blocks.
template <template <int, int> class Rows, int kSecond, class... Args>
void ForRowBlocks(int64_t count, Args... args) {
  const int64_t blocks = (count + kMaxRows - 1) / kMaxRows;
  for (int64_t i = 0, block = 0; block < blocks; ++block) {
    const int64_t rows = (count - i) / (blocks - block);
    switch (rows) {
      case 1:
        Rows<1, kSecond>::Run(args..., i);
        break;
      case 2:
        Rows<2, kSecond>::Run(args..., i);
        break;
      case 3:
        Rows<3, kSecond>::Run(args..., i);
        break;
      case 4:
        Rows<4, kSecond>::Run(args..., i);
        break;
      case 5:
        Rows<5, kSecond>::Run(args..., i);
        break;
      case 6:
        Rows<6, kSecond>::Run(args..., i);
        break;
      case 7:
        Rows<7, kSecond>::Run(args..., i);
        break;
      default:
        Rows<8, kSecond>::Run(args..., i);
        break;
    }
    i += rows;
  }
}

template <int kTransposeA>
HWY_INLINE void Multiply(const Product& product) {
  ForRowBlocks<ProductRows, kTransposeA>(product.m, product);
}

// Vectors of a row of scores.
int Vectors(const ShortHead& head) { return head.keys <= kMaxTokens / kMaxVectors ? 1 : 2; }

void ShortAttentionForward(float* y, int64_t y_stride, float* maximum, float* inverse_sum,
                           const ShortHead& head, float* at) {
  const Scratch scratch(at, head.width);
  const int vectors = Vectors(head);
  PackTransposed(scratch.k, kMaxTokens, head.k, head.k_stride, head.keys, head.width,
                 vectors * kMaxTokens / kMaxVectors, head.scale);
  if (vectors == 1) {
    ForRowBlocks<SoftmaxRows, 1>(head.queries, head, scratch, maximum, inverse_sum);
  } else {
    ForRowBlocks<SoftmaxRows, 2>(head.queries, head, scratch, maximum, inverse_sum);
  }
  // inverse_sum holds sums.
  ForEachVector(head.queries, [&](auto io, size_t i) KERNEL_INLINE {
    const VF sum = io.LoadOr(inverse_sum + i, 1.0f);
    io.Store(hn::Div(Splat(1.0f), sum), inverse_sum + i);
  });
  Multiply<0>({y, y_stride, scratch.p, head.v, head.v_stride, head.queries, head.width, head.keys,
               inverse_sum});
}

void ShortAttentionBackward(float* dq, float* dk, float* dv, const float* dy, int64_t y_stride,
                            const float* maximum, const float* inverse_sum, const ShortHead& head,
                            float* at) {
  const Scratch scratch(at, head.width);
  const int vectors = Vectors(head);
  const int64_t padded = vectors * kMaxTokens / kMaxVectors;
  PackTransposed(scratch.k, kMaxTokens, head.k, head.k_stride, head.keys, head.width, padded,
                 head.scale);
  PackTransposed(scratch.v, kMaxTokens, head.v, head.v_stride, head.keys, head.width, padded, 1);
  if (vectors == 1) {
    ForRowBlocks<GradientRows, 1>(head.queries, head, scratch, dy, y_stride, maximum, inverse_sum);
  } else {
    ForRowBlocks<GradientRows, 2>(head.queries, head, scratch, dy, y_stride, maximum, inverse_sum);
  }
  Multiply<0>({dq, head.q_stride, scratch.ds, head.k, head.k_stride, head.queries, head.width,
               head.keys, nullptr});
  Multiply<1>({dk, head.k_stride, scratch.ds, head.q, head.q_stride, head.keys, head.width,
               head.queries, nullptr});
  Multiply<1>(
      {dv, head.v_stride, scratch.p, dy, y_stride, head.keys, head.width, head.queries, nullptr});
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(MaxTokens);
KERNEL(ShortAttentionForward);
KERNEL(ShortAttentionBackward);

bool IsShortAttention(int64_t queries, int64_t keys, int64_t width) noexcept {
  constexpr int64_t kMaxWidth = 128;  // packed keys and values, and what they are from, stay in L1
  const int64_t most = MaxTokens();
  return queries > 0 && queries <= most && keys > 0 && keys <= most && width <= kMaxWidth;
}

int64_t ShortAttentionScratch(int64_t width) noexcept {
  const int64_t most = MaxTokens();
  return 2 * (width + most) * most;
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
