#include "kernels/attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/attention-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Keys that row `row` of the block sees, before padding.
HWY_INLINE int64_t SeenKeys(const AttentionMask& mask, int64_t row, int64_t keys) {
  return mask.causal ? std::min(keys, mask.first_query + row + 1) : keys;
}

template <bool kPadding>
HWY_INLINE VF LoadScores(const float* s, const AttentionMask& mask, int64_t j) {
  const F32 d;
  const VF x = hn::LoadU(d, s + j);
  return kPadding ? hn::Add(x, hn::LoadU(d, mask.padding + j)) : x;
}

template <bool kPadding>
HWY_INLINE VF RowMaximum(const float* s, const AttentionMask& mask, int64_t seen) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  VF even = Splat(-HUGE_VALF);
  VF odd = even;
  int64_t j = 0;
  for (; j + 2 * lanes <= seen; j += 2 * lanes) {
    even = hn::Max(even, LoadScores<kPadding>(s, mask, j));
    odd = hn::Max(odd, LoadScores<kPadding>(s, mask, j + lanes));
  }
  for (; j < seen; j += lanes) {
    even = hn::Max(even, Cut(LoadScores<kPadding>(s, mask, j), seen - j));
  }
  return hn::MaxOfLanes(d, hn::Max(even, odd));
}

// s = exp(s - shift) * factor, and 0 past the seen keys up to the last that the block's products
// read; returns the sum of exp(s - shift).
template <bool kPadding>
HWY_INLINE VF ExpRow(float* s, VF shift, VF factor, const AttentionMask& mask, int64_t seen,
                     int64_t keys) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  VF sum = hn::Zero(d);
  int64_t j = 0;
  for (; j + lanes <= seen; j += lanes) {
    const VF p = ExpOfScore(hn::Sub(LoadScores<kPadding>(s, mask, j), shift));
    sum = hn::Add(sum, p);
    hn::StoreU(hn::Mul(p, factor), d, s + j);
  }
  for (; j < seen; j += lanes) {
    const VF p = ExpOfScore(hn::Sub(Cut(LoadScores<kPadding>(s, mask, j), seen - j), shift));
    sum = hn::Add(sum, p);
    hn::StoreU(hn::Mul(p, factor), d, s + j);
  }
  for (; j < keys; j += lanes) hn::StoreU(hn::Zero(d), d, s + j);
  return sum;
}

template <bool kPadding>
void Softmax(float* s, int64_t lds, float* maximum, float* inverse_sum, int64_t rows, int64_t keys,
             const AttentionMask& mask) {
  const F32 d;
  for (int64_t i = 0; i < rows; ++i) {
    float* row = s + i * lds;
    const int64_t seen = SeenKeys(mask, i, keys);
    const VF most = RowMaximum<kPadding>(row, mask, seen);
    const VF shift = hn::IfThenZeroElse(hn::Eq(most, Splat(-HUGE_VALF)), most);
    const VF sums = ExpRow<kPadding>(row, shift, Splat(1.0f), mask, seen, keys);
    inverse_sum[i] = hn::GetLane(hn::SumOfLanes(d, sums));
    maximum[i] = hn::GetLane(shift);
  }
  // inverse_sum holds sums.
  ForEachVector(rows, [&](auto io, size_t i) KERNEL_INLINE {
    const VF sum = io.Load(inverse_sum + i);
    const auto none = hn::Eq(sum, hn::Zero(d));
    io.Store(hn::IfThenZeroElse(none, hn::Div(Splat(1.0f), sum)), inverse_sum + i);
  });
}

void AttentionSoftmax(float* s, int64_t lds, float* maximum, float* inverse_sum, int64_t rows,
                      int64_t keys, const AttentionMask& mask) {
  if (mask.padding != nullptr) {
    Softmax<true>(s, lds, maximum, inverse_sum, rows, keys, mask);
  } else {
    Softmax<false>(s, lds, maximum, inverse_sum, rows, keys, mask);
  }
}

void AttentionProbabilities(float* s, int64_t lds, const float* maximum, const float* inverse_sum,
                            int64_t rows, int64_t keys, const AttentionMask& mask) {
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t seen = SeenKeys(mask, i, keys);
    const VF shift = Splat(maximum[i]);
    const VF factor = Splat(inverse_sum[i]);
    if (mask.padding != nullptr) {
      ExpRow<true>(s + i * lds, shift, factor, mask, seen, keys);
    } else {
      ExpRow<false>(s + i * lds, shift, factor, mask, seen, keys);
    }
  }
}

void AttentionAddBias(float* s, int64_t lds, const float* bias, int64_t row_stride,
                      int64_t key_stride, int64_t rows, int64_t keys) {
  for (int64_t i = 0; i < rows; ++i, s += lds, bias += row_stride) {
    if (key_stride == 0) {
      const VF one = Splat(*bias);
      ForEachVector(keys, [&](auto io, size_t j)
                              KERNEL_INLINE { io.Store(hn::Add(io.Load(s + j), one), s + j); });
    } else {
      ForEachVector(keys, [&](auto io, size_t j) KERNEL_INLINE {
        io.Store(hn::Add(io.Load(s + j), io.Load(bias + j)), s + j);
      });
    }
  }
}

void AttentionBiasGradient(float* dbias, int64_t row_stride, int64_t key_stride, float* ds,
                           int64_t lds, float scale, int64_t rows, int64_t keys) {
  const VF factor = Splat(scale);
  for (int64_t i = 0; i < rows; ++i, ds += lds, dbias += row_stride) {
    VF sum = hn::Zero(F32());
    ForEachVector(keys, [&](auto io, size_t j) KERNEL_INLINE {
      const VF d = io.Load(ds + j);  // 0 past the keys
      if (key_stride == 0) {
        sum = hn::Add(sum, d);
      } else {
        io.Store(hn::Add(io.Load(dbias + j), d), dbias + j);
      }
      io.Store(hn::Mul(d, factor), ds + j);
    });
    if (key_stride == 0) *dbias += hn::GetLane(hn::SumOfLanes(F32(), sum));
  }
}

void AttentionScaleRows(float* y, int64_t ldy, const float* scale, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i, y += ldy) {
    const VF factor = Splat(scale[i]);
    ForEachVector(columns, [&](auto io, size_t j)
                               KERNEL_INLINE { io.Store(hn::Mul(io.Load(y + j), factor), y + j); });
  }
}

void AttentionScoreGradientRows(float* dp, const float* p, int64_t lds, const float* delta,
                                float scale, int64_t rows, int64_t keys) {
  for (int64_t i = 0; i < rows; ++i, dp += lds, p += lds) {
    const VF row_delta = Splat(delta[i]);
    ForEachVector(keys, [&](auto io, size_t j) KERNEL_INLINE {
      const VF scaled = hn::Mul(Splat(scale), io.Load(p + j));
      io.Store(hn::Mul(scaled, hn::Sub(io.Load(dp + j), row_delta)), dp + j);
    });
  }
}

void AttentionRowDots(float* delta, const float* a, int64_t lda, const float* b, int64_t ldb,
                      int64_t rows, int64_t columns) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  for (int64_t i = 0; i < rows; ++i) {
    VF sums = hn::Zero(d);
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      sums = hn::MulAdd(hn::LoadU(d, a + i * lda + j), hn::LoadU(d, b + i * ldb + j), sums);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; j < columns; ++j) sum += a[i * lda + j] * b[i * ldb + j];
    delta[i] = sum;
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(AttentionSoftmax);
KERNEL(AttentionProbabilities);
KERNEL(AttentionAddBias);
KERNEL(AttentionBiasGradient);
KERNEL(AttentionScaleRows);
KERNEL(AttentionScoreGradientRows);
KERNEL(AttentionRowDots);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
