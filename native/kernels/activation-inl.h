// The activations, each with its forward and its gradient on one vector. Compiled once per
// instruction set: include it after foreach_target.h.
#if defined(VITRINE_KERNELS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_ACTIVATION_INL_H_
#undef VITRINE_KERNELS_ACTIVATION_INL_H_
#else
#define VITRINE_KERNELS_ACTIVATION_INL_H_
#endif

#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// x times the normal distribution function (Hendrycks and Gimpel 2016).
struct Gelu {
  static HWY_INLINE VF Forward(VF x) { return hn::Mul(x, NormalCdf(x)); }
  static HWY_INLINE VF Backward(VF dy, VF x) { return hn::Mul(dy, GeluSlope(x)); }
};

// 0.5 x (1 + tanh(u)) with u = sqrt(2 / pi) (x + 0.044715 x^3), as x sigmoid(2u).
struct GeluTanh {
  static HWY_INLINE VF Forward(VF x) {
    const VF slope = hn::MulAdd(hn::Mul(x, x), Splat(7.13548163e-2f), Splat(1.59576912f));
    return TimesSigmoid(x, hn::Mul(x, slope));
  }
  static HWY_INLINE VF Backward(VF dy, VF x) {
    const VF z = hn::Mul(x, x);
    const VF slope = hn::MulAdd(z, Splat(7.13548163e-2f), Splat(1.59576912f));
    // s = sigmoid(v) and ds = s (1 - s), from e^-|v| <= 1: no cancellation as s nears 1, and
    // nothing overflows.
    const VF v = hn::Mul(x, slope);
    const VF e = Exp(hn::Neg(hn::Abs(v)));
    const VF above = hn::Div(Splat(1.0f), hn::Add(Splat(1.0f), e));
    const VF below = hn::Mul(e, above);
    const VF s = hn::IfThenElse(hn::Lt(v, Splat(0.0f)), below, above);
    const VF ds = hn::Mul(above, below);
    const VF du = hn::MulAdd(z, Splat(2.14064449e-1f), Splat(1.59576912f));
    return hn::Mul(dy, hn::MulAdd(hn::Mul(x, ds), du, s));
  }
};

// x sigmoid(a x), a in thousandths. Backward: s = sigmoid(v) and ds = s (1 - s), as GeluTanh has
// them.
template <int kThousandths>
struct Swish {
  static HWY_INLINE VF Slope() { return Splat(kThousandths * 1e-3f); }
  static HWY_INLINE VF Forward(VF x) { return TimesSigmoid(x, hn::Mul(x, Slope())); }
  static HWY_INLINE VF Backward(VF dy, VF x) {
    const VF v = hn::Mul(x, Slope());
    const VF e = Exp(hn::Neg(hn::Abs(v)));
    const VF above = hn::Div(Splat(1.0f), hn::Add(Splat(1.0f), e));
    const VF below = hn::Mul(e, above);
    const VF s = hn::IfThenElse(hn::Lt(v, Splat(0.0f)), below, above);
    return hn::Mul(dy, hn::MulAdd(v, hn::Mul(above, below), s));
  }
};
using SiluActivation = Swish<1000>;       // Ramachandran et al. 2017
using QuickGeluActivation = Swish<1702>;  // Radford et al. 2021 (CLIP)

// As PyTorch, NaN stays NaN forward, and lets the gradient through backward.
struct Relu {
  static HWY_INLINE VF Forward(VF x) { return hn::IfThenZeroElse(hn::Le(x, Splat(0.0f)), x); }
  static HWY_INLINE VF Backward(VF dy, VF x) {
    return hn::IfThenZeroElse(hn::Le(x, Splat(0.0f)), dy);
  }
};

struct Tanh {
  static HWY_INLINE VF Forward(VF x) {
    const VF a = hn::Abs(x);
    const VF e = Exp(hn::Mul(a, Splat(-2.0f)));
    const VF far = hn::Div(hn::Sub(Splat(1.0f), e), hn::Add(Splat(1.0f), e));
    // Near 0, where 1 - e cancels, the polynomial of Cephes' tanhf.
    const VF z = hn::Mul(x, x);
    VF p = Splat(-5.70498872745e-3f);
    p = hn::MulAdd(p, z, Splat(2.06390887954e-2f));
    p = hn::MulAdd(p, z, Splat(-5.37397155531e-2f));
    p = hn::MulAdd(p, z, Splat(1.33314422036e-1f));
    p = hn::MulAdd(p, z, Splat(-3.33332819422e-1f));
    const VF near = hn::MulAdd(hn::Mul(p, z), x, x);
    return hn::IfThenElse(hn::Lt(a, Splat(0.625f)), near, hn::CopySign(far, x));
  }
  // 1 - tanh^2 as 4 e^-2|x| / (1 + e^-2|x|)^2, which does not cancel as tanh nears 1.
  static HWY_INLINE VF Backward(VF dy, VF x) {
    const VF e = Exp(hn::Mul(hn::Abs(x), Splat(-2.0f)));
    const VF sum = hn::Add(Splat(1.0f), e);
    return hn::Mul(dy, hn::Div(hn::Mul(Splat(4.0f), e), hn::Mul(sum, sum)));
  }
};

template <class Activation>
HWY_INLINE void Activate(float* y, const float* x, size_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = Activation::Forward(io.Load(x + i));
    io.Store(v, y + i);
  });
}

template <class Activation>
HWY_INLINE void ActivateBackward(float* dx, const float* dy, const float* x, size_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    io.Store(Activation::Backward(io.Load(dy + i), io.Load(x + i)), dx + i);
  });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_ACTIVATION_INL_H_
