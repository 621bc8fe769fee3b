// What the kernels of attention share. Compiled once per instruction set: include it after
// foreach_target.h.
#if defined(VITRINE_KERNELS_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_ATTENTION_INL_H_
#undef VITRINE_KERNELS_ATTENTION_INL_H_
#else
#define VITRINE_KERNELS_ATTENTION_INL_H_
#endif

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

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_ATTENTION_INL_H_
