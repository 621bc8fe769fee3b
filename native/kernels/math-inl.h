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

// x, cut to [-bound, bound]; NaN stays, which Highway's Min and Max leave to the CPU: x86's give
// their second operand, ARM's and the portable ones the number.
HWY_INLINE VF CutTo(VF x, VF bound) {
  const VF cut = hn::Min(bound, hn::Max(hn::Neg(bound), x));
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return cut;
#else
  return hn::IfThenElse(hn::Eq(x, x), cut, x);
#endif
}

// x / y within 2 ulp, for y finite and not 0. Where the CPU guesses reciprocals to 12 bits or more,
// one step of Newton's method takes the place of the division, whose unit is busy for 16 cycles.
HWY_INLINE VF Divide(VF x, VF y) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  const VF guess = hn::ApproximateReciprocal(y);
  return hn::Mul(x, hn::MulAdd(hn::NegMulAdd(y, guess, Splat(1.0f)), guess, guess));
#else
  return hn::Div(x, y);
#endif
}

// x / (1 + e^-v), and 0 where e^-v is above e^80. NaN for NaN.
HWY_INLINE VF TimesSigmoid(VF x, VF v) {
  const VF far = Splat(80.0f);
  const VF e = Exp(hn::Min(far, hn::Neg(v)));
  return hn::IfThenZeroElse(hn::Le(v, hn::Neg(far)), Divide(x, hn::Add(Splat(1.0f), e)));
}

// The normal distribution function within 2e-7, as (1 + erf(x / sqrt 2)) / 2. erf is the rational
// function of Eigen's and XLA's float erf, an odd polynomial over an even one on [-4, 4], with half
// the operations of a way through e^x; beyond, the function is 0 or 1.
HWY_INLINE VF NormalCdf(VF x) {
  const VF bound = Splat(4.0f);
  const VF t = CutTo(hn::Mul(x, Splat(0.707106781f)), bound);
  const VF z = hn::Mul(t, t);
  VF p = Splat(-2.72614225801306e-10f);
  p = hn::MulAdd(p, z, Splat(2.77068142495902e-08f));
  p = hn::MulAdd(p, z, Splat(-2.10102402082508e-06f));
  p = hn::MulAdd(p, z, Splat(-5.69250639462346e-05f));
  p = hn::MulAdd(p, z, Splat(-7.34990630326855e-04f));
  p = hn::MulAdd(p, z, Splat(-2.95459980854025e-03f));
  p = hn::MulAdd(p, z, Splat(-1.60960333262415e-02f));
  VF q = Splat(-1.45660718464996e-05f);
  q = hn::MulAdd(q, z, Splat(-2.13374055278905e-04f));
  q = hn::MulAdd(q, z, Splat(-1.68282697438203e-03f));
  q = hn::MulAdd(q, z, Splat(-7.37332916720468e-03f));
  q = hn::MulAdd(q, z, Splat(-1.42647390514189e-02f));
  const VF half = Splat(0.5f);
  const VF cdf = hn::MulAdd(half, Divide(hn::Mul(t, p), q), half);
  return hn::IfThenZeroElse(hn::Le(t, hn::Neg(bound)), cdf);
}

// The derivative of x NormalCdf(x) within 3e-7, as 1/2 + an odd polynomial over an even one on
// [-5.8, 5.8], fitted to it by weighted least squares (Lawson 1961; 2.3e-9 before rounding);
// beyond, the function is 0 or 1.
HWY_INLINE VF GeluSlope(VF x) {
  const VF bound = Splat(5.8f);
  const VF t = CutTo(x, bound);
  const VF z = hn::Mul(t, t);
  VF p = Splat(1.582989e-08f);
  p = hn::MulAdd(p, z, Splat(7.50254155e-07f));
  p = hn::MulAdd(p, z, Splat(3.40738331e-05f));
  p = hn::MulAdd(p, z, Splat(0.000137185354f));
  p = hn::MulAdd(p, z, Splat(0.0140003957f));
  p = hn::MulAdd(p, z, Splat(-0.0260039285f));
  p = hn::MulAdd(p, z, Splat(0.797884543f));
  VF q = Splat(1.28649721e-09f);
  q = hn::MulAdd(q, z, Splat(2.92462881e-07f));
  q = hn::MulAdd(q, z, Splat(9.45296284e-06f));
  q = hn::MulAdd(q, z, Splat(0.000228991128f));
  q = hn::MulAdd(q, z, Splat(0.00378510298f));
  q = hn::MulAdd(q, z, Splat(0.042794905f));
  q = hn::MulAdd(q, z, Splat(0.300742013f));
  q = hn::MulAdd(q, z, Splat(1.0f));
  const VF slope = hn::Add(Splat(0.5f), Divide(hn::Mul(t, p), q));
  return hn::IfThenZeroElse(hn::Le(t, hn::Neg(bound)), slope);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_MATH_INL_H_
