// Exponentials, logarithms, powers and circular functions over all of float32: Highway's, which are
// good to 4 ulp in the middle, with the edges that IEEE 754 and C give. Compiled once per
// instruction set: include it after foreach_target.h.
#if defined(VITRINE_KERNELS_POWER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_POWER_INL_H_
#undef VITRINE_KERNELS_POWER_INL_H_
#else
#define VITRINE_KERNELS_POWER_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include <cfloat>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// e^x within 1 ulp, from the smallest subnormal to the largest float. Exp of math-inl.h, made for
// softmax and activations, is faster and ends at 2^-126 and at e^88.37.
HWY_INLINE VF ExpToSubnormal(VF x) {
  // 104: above it Highway's scale has no exponent; infinity begins at 88.73.
  const VF y = hn::Exp(F32(), hn::Min(x, Splat(104.0f)));
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

// `log`, the logarithm of `argument`, a function of x: right where the argument is positive and
// finite. -infinity at 0, NaN below, x itself where that is infinity or NaN.
HWY_INLINE VF LogWithEdges(VF x, VF argument, VF log) {
  const VF zero = Splat(0.0f);
  const VF inside = hn::IfThenElse(hn::Lt(argument, Splat(HUGE_VALF)), log, x);
  const VF or_pole = hn::IfThenElse(hn::Eq(argument, zero), Splat(-HUGE_VALF), inside);
  return hn::IfThenElse(hn::Lt(argument, zero), Splat(NAN), or_pole);
}

// `y` with function(x[i], exponent[i]) in the lanes that are not `done`: the C library's, serially.
template <class Mask, class Function>
HWY_INLINE VF FinishLanes(VF y, Mask done, VF x, VF exponent, Function function) {
  const F32 d;
  if (HWY_LIKELY(hn::AllTrue(d, done))) return y;
  HWY_ALIGN float ys[hn::MaxLanes(d)], xs[hn::MaxLanes(d)], exponents[hn::MaxLanes(d)];
  HWY_ALIGN float missing[hn::MaxLanes(d)];
  hn::Store(y, d, ys);
  hn::Store(x, d, xs);
  hn::Store(exponent, d, exponents);
  hn::Store(hn::IfThenZeroElse(done, Splat(1.0f)), d, missing);
  for (size_t i = 0; i < hn::Lanes(d); ++i) {
    if (missing[i] != 0) ys[i] = function(xs[i], exponents[i]);
  }
  return hn::Load(d, ys);
}

// Where Highway's sine and cosine hold, in radians; farther out, and for NaN, the C library's.
constexpr float kLargestAngle = 39000.0f;

HWY_INLINE VF SinAnywhere(VF x) {
  const auto near = hn::Le(hn::Abs(x), Splat(kLargestAngle));
  const VF y = hn::Sin(F32(), hn::IfThenElseZero(near, x));
  const VF signed_zero = hn::IfThenElse(hn::Eq(x, Splat(0.0f)), x, y);  // Highway's is 0 for -0
  return FinishLanes(signed_zero, near, x, x, [](float v, float) { return std::sin(v); });
}

HWY_INLINE VF CosAnywhere(VF x) {
  const auto near = hn::Le(hn::Abs(x), Splat(kLargestAngle));
  const VF y = hn::Cos(F32(), hn::IfThenElseZero(near, x));
  return FinishLanes(y, near, x, x, [](float v, float) { return std::cos(v); });
}

// |x|^y by way of double, for x positive and finite, y finite: in float, y log x would keep too few
// digits behind the point. Anything where the result does not fit.
HWY_INLINE VF PowerInside(VF x, VF y) {
  const F32 d;
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> narrow;
  HWY_ALIGN float bases[hn::MaxLanes(d)], exponents[hn::MaxLanes(d)];
  hn::Store(hn::Abs(x), d, bases);
  hn::Store(y, d, exponents);
  for (size_t i = 0; i < hn::Lanes(d); i += hn::Lanes(wide)) {
    const auto base = hn::PromoteTo(wide, hn::Load(narrow, bases + i));
    const auto exponent = hn::PromoteTo(wide, hn::Load(narrow, exponents + i));
    // e^200 and e^-200 are infinity and 0 to float32.
    const auto most = hn::Set(wide, 200.0);
    const auto log = hn::Mul(exponent, hn::Log(wide, base));
    const auto power = hn::Exp(wide, hn::Min(hn::Max(log, hn::Neg(most)), most));
    hn::Store(hn::DemoteTo(narrow, power), narrow, bases + i);
  }
  return hn::Load(d, bases);
}

// x^y as C's pow gives it, within 1 ulp: also of negative x where y is whole.
HWY_INLINE VF Power(VF x, VF y) {
  const VF zero = Splat(0.0f), infinity = Splat(HUGE_VALF);
  const VF size = hn::Abs(x);
  const auto whole = hn::Eq(y, hn::Trunc(y));
  const auto base_inside = hn::And(hn::Gt(size, zero), hn::Lt(size, infinity));
  const auto inside =
      hn::And(hn::And(base_inside, hn::Lt(hn::Abs(y), infinity)), hn::Or(whole, hn::Gt(x, zero)));
  const VF one = Splat(1.0f);
  const VF power = PowerInside(hn::IfThenElse(inside, size, one), hn::IfThenElse(inside, y, one));
  const VF half = hn::Mul(y, Splat(0.5f));
  const auto flips = hn::And(hn::Lt(x, zero), hn::Ne(half, hn::Trunc(half)));
  const VF result = hn::IfThenElse(flips, hn::Neg(power), power);
  const auto done = hn::And(inside, hn::Lt(power, Splat(FLT_MAX)));
  return FinishLanes(result, done, x, y, [](float a, float b) { return std::pow(a, b); });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_POWER_INL_H_
