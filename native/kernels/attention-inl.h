// What the kernels of attention share. Compiled once per instruction set: include it after
// foreach_target.h.
#if defined(VITRINE_KERNELS_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_ATTENTION_INL_H_
#undef VITRINE_KERNELS_ATTENTION_INL_H_
#else
#define VITRINE_KERNELS_ATTENTION_INL_H_
#endif

#include <algorithm>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// e^x for x <= 1, within 2e-7 relative; 0 below -87, where the result leaves the normal numbers.
// Its domain makes it shorter than Exp() of math-inl.h: a head of 197 tokens takes 8.2 us instead
// of 11.3, of about 80 for the whole forward.
HWY_INLINE VF ExpOfScore(VF x) {
  const F32 d;
  const hn::RebindToUnsigned<F32> bits;
  // Adding 1.5 * 2^23 rounds x / ln 2 to the integer n, and leaves n + 127, the exponent of 2^n, in
  // the low bits.
  const VF magic = Splat(12582912.0f + 127.0f);
  const VF shifted = hn::MulAdd(x, Splat(1.44269504f), magic);
  const VF n = hn::Sub(shifted, magic);
  const VF power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(bits, shifted)));
  VF r = hn::NegMulAdd(n, Splat(0.693145752f), x);
  r = hn::NegMulAdd(n, Splat(1.42860677e-6f), r);
  // 1 + r + r^2 (...), minimax on |r| <= ln 2 / 2: 1.05e-7.
  VF sum = hn::MulAdd(r, Splat(0.008312524944f), Splat(0.04189011328f));
  sum = hn::MulAdd(r, sum, Splat(0.1666711446f));
  sum = hn::MulAdd(r, sum, Splat(0.4999923179f));
  sum = hn::MulAdd(r, sum, Splat(1.0f));
  sum = hn::MulAdd(r, sum, Splat(1.0f));
  return hn::IfThenZeroElse(hn::Lt(x, Splat(-87.0f)), hn::Mul(sum, power));
}

// x, and -inf past the first `seen` lanes.
HWY_INLINE VF Cut(VF x, int64_t seen) {
  const F32 d;
  return hn::IfThenElse(hn::FirstN(d, seen), x, Splat(-HUGE_VALF));
}

#if HWY_TARGET != HWY_SCALAR
// Four columns of as many rows as a vector has lanes: 128-bit block i holds row i * 4 of x, or the
// last row where x has not so many.
template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadBlocks(Tag tag, const float* x, int64_t ldx, int64_t row,
                                   int64_t last) {
  if constexpr (hn::MaxLanes(tag) == 4) {
    return hn::LoadU(tag, x + std::min(row, last) * ldx);
  } else {
    const hn::Half<Tag> half;
    const int64_t rows = static_cast<int64_t>(hn::MaxLanes(half));
    return hn::Combine(tag, LoadBlocks(half, x, ldx, row + rows, last),
                       LoadBlocks(half, x, ldx, row, last));
  }
}
#endif

// out (columns, padded) = scale * x^T, then zeros, for x (rows, columns); padded is whole vectors.
HWY_INLINE void PackTransposed(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                               int64_t columns, int64_t padded, float scale) {
  int64_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const F32 d;
  const hn::RepartitionToWide<F32> pair;
  const int64_t lanes = hn::Lanes(d);
  const int64_t last = rows - 1;
  const VF factor = Splat(scale);
  for (; j + 4 <= columns; j += 4) {
    for (int64_t i = 0; i < padded; i += lanes) {
      // 4x4 transposes, one in each 128-bit block.
      const VF row0 = LoadBlocks(d, x + j, ldx, i, last);
      const VF row1 = LoadBlocks(d, x + j, ldx, i + 1, last);
      const VF row2 = LoadBlocks(d, x + j, ldx, i + 2, last);
      const VF row3 = LoadBlocks(d, x + j, ldx, i + 3, last);
      const auto low01 = hn::BitCast(pair, hn::InterleaveLower(d, row0, row1));
      const auto low23 = hn::BitCast(pair, hn::InterleaveLower(d, row2, row3));
      const auto high01 = hn::BitCast(pair, hn::InterleaveUpper(d, row0, row1));
      const auto high23 = hn::BitCast(pair, hn::InterleaveUpper(d, row2, row3));
      const auto valid = hn::FirstN(d, std::clamp<int64_t>(rows - i, 0, lanes));
      const auto store = [&](auto column, float* to) KERNEL_INLINE {
        hn::StoreU(hn::IfThenElseZero(valid, hn::Mul(factor, hn::BitCast(d, column))), d, to);
      };
      float* to = out + j * ldo + i;
      store(hn::InterleaveLower(pair, low01, low23), to);
      store(hn::InterleaveUpper(pair, low01, low23), to + ldo);
      store(hn::InterleaveLower(pair, high01, high23), to + 2 * ldo);
      store(hn::InterleaveUpper(pair, high01, high23), to + 3 * ldo);
    }
  }
#endif
  for (; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) out[j * ldo + i] = scale * x[i * ldx + j];
    std::fill(out + j * ldo + rows, out + j * ldo + padded, 0.0f);
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_ATTENTION_INL_H_
