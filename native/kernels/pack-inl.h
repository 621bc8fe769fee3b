// Packing that the matrix products share. Compiled once per instruction set: include it after
// foreach_target.h.
#if defined(VITRINE_KERNELS_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_PACK_INL_H_
#undef VITRINE_KERNELS_PACK_INL_H_
#else
#define VITRINE_KERNELS_PACK_INL_H_
#endif

#include <algorithm>

#include "kernels/simd-inl.h"
#include "kernels/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
// Four columns of as many rows as a vector has lanes: 128-bit block i holds row i * 4 of x, or,
// unless kWhole, the last row where x has not so many.
template <bool kWhole, class Tag>
HWY_INLINE hn::Vec<Tag> LoadBlocks(Tag tag, const float* x, int64_t ldx, int64_t row,
                                   int64_t last) {
  if constexpr (hn::MaxLanes(tag) == 4) {
    return hn::LoadU(tag, x + (kWhole ? row : std::min(row, last)) * ldx);
  } else {
    const hn::Half<Tag> half;
    const int64_t rows = static_cast<int64_t>(hn::MaxLanes(half));
    return hn::Combine(tag, LoadBlocks<kWhole>(half, x, ldx, row + rows, last),
                       LoadBlocks<kWhole>(half, x, ldx, row, last));
  }
}
#endif

// A vector's worth of PackTransposed: rows of x from i on, of which kWhole says that it has enough.
template <bool kStreams, bool kWhole>
HWY_INLINE void PackVector(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t i,
                           int64_t rows, int64_t columns, float scale) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t present = std::clamp<int64_t>(rows - i, 0, lanes);
  int64_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const VF factor = Splat(scale);
  const auto valid = hn::FirstN(d, present);
  const auto store = [&](VF column, int64_t at) KERNEL_INLINE {
    const VF scaled = hn::Mul(factor, column);
    const VF kept = kWhole ? scaled : hn::IfThenElseZero(valid, scaled);
    float* const to = out + (j + at) * ldo + i;
    kStreams ? hn::Stream(kept, d, to) : hn::StoreU(kept, d, to);
  };
  for (; j + 4 <= columns; j += 4) {
    const VF row0 = LoadBlocks<kWhole>(d, x + j, ldx, i, rows - 1);
    const VF row1 = LoadBlocks<kWhole>(d, x + j, ldx, i + 1, rows - 1);
    const VF row2 = LoadBlocks<kWhole>(d, x + j, ldx, i + 2, rows - 1);
    const VF row3 = LoadBlocks<kWhole>(d, x + j, ldx, i + 3, rows - 1);
    TransposeFours(d, row0, row1, row2, row3, store);
  }
#endif
  for (; j < columns; ++j) {
    float* to = out + j * ldo + i;
    for (int64_t r = 0; r < present; ++r) to[r] = scale * x[(i + r) * ldx + j];
    std::fill(to + present, to + lanes, 0.0f);
  }
}

// out (columns, padded) = scale * x^T, then zeros, for x (rows, columns); padded is whole vectors.
// With kStreams, past the caches: out and its rows are aligned to vectors then.
template <bool kStreams = false>
HWY_INLINE void PackTransposed(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                               int64_t columns, int64_t padded, float scale) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  int64_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    PackVector<kStreams, true>(out, ldo, x, ldx, i, rows, columns, scale);
  }
  for (; i < padded; i += lanes)
    PackVector<kStreams, false>(out, ldo, x, ldx, i, rows, columns, scale);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_PACK_INL_H_
