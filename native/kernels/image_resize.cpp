#include "kernels/image_resize.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/image_resize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using I32 = hn::ScalableTag<int32_t>;
using Bytes = hn::Rebind<uint8_t, I32>;
using VI = hn::Vec<I32>;

// kVectors vectors of outputs side by side, so that a weight is loaded once for all of them. Three
// are a block of 16 rows of red, green, blue with AVX-512.
template <int kVectors>
HWY_INLINE void SumOfRows(uint8_t* y, const uint8_t* x, int64_t stride, const int32_t* weights,
                          int64_t count) {
  const I32 d;
  const Bytes bytes;
  const size_t lanes = hn::Lanes(d);
  VI sum[kVectors];
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Set(d, 1 << (kWeightBits - 1));
  for (int64_t k = 0; k < count; ++k) {
    const VI weight = hn::Set(d, weights[k]);
    for (int v = 0; v < kVectors; ++v) {
      const VI value = hn::PromoteTo(d, hn::LoadU(bytes, x + k * stride + v * lanes));
      sum[v] = hn::Add(sum[v], hn::Mul(value, weight));
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(hn::DemoteTo(bytes, hn::ShiftRight<kWeightBits>(sum[v])), bytes, y + v * lanes);
  }
}

HWY_INLINE void SumOfBytes(uint8_t* y, const uint8_t* x, int64_t stride, const int32_t* weights,
                           int64_t count, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    int32_t sum = 1 << (kWeightBits - 1);
    for (int64_t k = 0; k < count; ++k) sum += x[k * stride + i] * weights[k];
    y[i] = static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
  }
}

// y must not be among x's rows: where the last vector is not whole, some outputs are made twice.
HWY_INLINE void SumOf(uint8_t* y, const uint8_t* x, int64_t stride, const int32_t* weights,
                      int64_t count, int64_t n) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(I32()));
  if (n < lanes) return SumOfBytes(y, x, stride, weights, count, n);
  int64_t i = 0;
  for (; i + 3 * lanes <= n; i += 3 * lanes) SumOfRows<3>(y + i, x + i, stride, weights, count);
  for (; i + lanes <= n; i += lanes) SumOfRows<1>(y + i, x + i, stride, weights, count);
  if (i < n) SumOfRows<1>(y + n - lanes, x + n - lanes, stride, weights, count);
}

void ResizeRow(uint8_t* y, const uint8_t* x, int64_t stride, const Taps& taps, int64_t n) {
  SumOf(y, x, stride, taps.weights, taps.count, n);
}

void ResizeColumns(uint8_t* y, const uint8_t* x, const Taps* taps, int64_t first, int64_t count,
                   int64_t group) {
  for (int64_t i = 0; i < count; ++i) {
    SumOf(y + i * group, x + (taps[i].first - first) * group, group, taps[i].weights, taps[i].count,
          group);
  }
}

HWY_INLINE void TransposeBytes(uint8_t* y, int64_t ldy, const uint8_t* x, int64_t ldx, int64_t rows,
                               int64_t columns) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) y[i * ldy + j] = x[j * ldx + i];
  }
}

#if HWY_TARGET != HWY_SCALAR
// 16 by 16 bytes: interleaving the rows of the upper half with those of the lower, four times.
HWY_INLINE void Transpose16x16(uint8_t* y, int64_t ldy, const uint8_t* const* rows) {
  const hn::FixedTag<uint8_t, 16> d;
  hn::Vec<hn::FixedTag<uint8_t, 16>> a[16], b[16];
  for (int i = 0; i < 16; ++i) a[i] = hn::LoadU(d, rows[i]);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) {
      b[2 * i] = hn::InterleaveLower(d, a[i], a[i + 8]);
      b[2 * i + 1] = hn::InterleaveUpper(d, a[i], a[i + 8]);
    }
    for (int i = 0; i < 16; ++i) a[i] = b[i];
  }
  for (int i = 0; i < 16; ++i) hn::StoreU(a[i], d, y + i * ldy);
}
#endif

void RowsToLanes(uint8_t* y, const uint8_t* x, int64_t stride, int64_t rows, int64_t n) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const uint8_t* from[kBlockRows];
  for (; i + 16 <= n; i += 16) {
    for (int64_t r = 0; r < kBlockRows; ++r) from[r] = x + std::min(r, rows - 1) * stride + i;
    Transpose16x16(y + i * kBlockRows, kBlockRows, from);
  }
#endif
  for (; i < n; ++i) {
    for (int64_t r = 0; r < kBlockRows; ++r)
      y[i * kBlockRows + r] = x[std::min(r, rows - 1) * stride + i];
  }
}

void LanesToRows(uint8_t* y, const uint8_t* x, int64_t stride, int64_t rows, int64_t n) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const uint8_t* from[kBlockRows];
  for (; rows == kBlockRows && i + 16 <= n; i += 16) {
    for (int64_t r = 0; r < kBlockRows; ++r) from[r] = x + (i + r) * kBlockRows;
    Transpose16x16(y + i, stride, from);
  }
#endif
  TransposeBytes(y + i, stride, x + i * kBlockRows, kBlockRows, rows, n - i);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(ResizeRow);
KERNEL(ResizeColumns);
KERNEL(RowsToLanes);
KERNEL(LanesToRows);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
