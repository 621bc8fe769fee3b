// Vector math. Compiled once per instruction set: include it after foreach_target.h.
// Exp is ours rather than hwy/contrib/math's because that one turns NaN into 0.
#if defined(VITRINE_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_MATH_INL_H_
#undef VITRINE_KERNELS_MATH_INL_H_
#else
#define VITRINE_KERNELS_MATH_INL_H_
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// e^x within 2 ulp on [-87.3, 88.3]; 0 below, infinity above, NaN for NaN.
HWY_INLINE VF Exp(VF x) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  // x = k ln 2 + r with |r| <= ln(2) / 2. Adding 1.5 * 2^23 rounds to the integer k and leaves it
  // in the low bits.
  const VF magic = Splat(12582912.0f);
  const VF shifted = hn::MulAdd(x, Splat(1.44269504f), magic);
  const VF k = hn::Sub(shifted, magic);
  // ln 2 in two parts (Cody and Waite), the first exact when multiplied by k.
  const VF r = hn::NegMulAdd(k, Splat(-2.12194440e-4f), hn::NegMulAdd(k, Splat(0.693359375f), x));
  // (e^r - 1 - r) / r^2: the polynomial of Cephes' expf.
  VF p = Splat(1.9875691500e-4f);
  p = hn::MulAdd(p, r, Splat(1.3981999507e-3f));
  p = hn::MulAdd(p, r, Splat(8.3334519073e-3f));
  p = hn::MulAdd(p, r, Splat(4.1665795894e-2f));
  p = hn::MulAdd(p, r, Splat(1.6666665459e-1f));
  p = hn::MulAdd(p, r, Splat(5.0000001201e-1f));
  const VF power = hn::MulAdd(p, hn::Mul(r, r), hn::Add(r, Splat(1.0f)));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  const VF scale = hn::BitCast(d, hn::Add(exponent, hn::BitCast(di, Splat(1.0f))));
  const VF y = hn::IfThenZeroElse(hn::Lt(x, Splat(-87.3365448f)), hn::Mul(power, scale));
  return hn::IfThenElse(hn::Gt(x, Splat(88.3762626f)), Splat(HUGE_VALF), y);
}

// 1 / (1 + e^-x)
HWY_INLINE VF Sigmoid(VF x) {
  const VF one = Splat(1.0f);
  return hn::Div(one, hn::Add(one, Exp(hn::Neg(x))));
}

// The odd u(x) for which sigmoid(u(x)) is the normal distribution function, so that erf = 2
// sigmoid(u(x sqrt 2)) - 1 within 2e-7, roundings included. u / x is a polynomial in x^2, minimax
// for that error on |x| <= 5 (3e-9) by iterated weighted least squares over 500 Chebyshev points;
// beyond, it grows without bound.
HWY_INLINE VF NormalLogit(VF x) {
  const VF z = hn::Mul(x, x);
  VF p = Splat(5.933418362e-13f);
  p = hn::MulAdd(p, z, Splat(-5.300862527e-11f));
  p = hn::MulAdd(p, z, Splat(1.871720778e-09f));
  p = hn::MulAdd(p, z, Splat(-3.007768257e-08f));
  p = hn::MulAdd(p, z, Splat(6.605866787e-08f));
  p = hn::MulAdd(p, z, Splat(6.125434084e-06f));
  p = hn::MulAdd(p, z, Splat(-1.053366359e-04f));
  p = hn::MulAdd(p, z, Splat(-7.276761607e-05f));
  p = hn::MulAdd(p, z, Splat(7.267062366e-02f));
  p = hn::MulAdd(p, z, Splat(1.595769167e+00f));
  return hn::Mul(x, p);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_MATH_INL_H_
