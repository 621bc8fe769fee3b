// Functions of one number: each with its value and its gradient on one vector, and the table that
// numbers them. Compiled once per instruction set: include it after foreach_target.h.
//
// Forward(x, p, q) is the value; p and q are the operation's own numbers, such as an exponent.
// Backward(dy, saved, p, q) is the gradient, where lib/ops/unary.ts says whether `saved` is x or y.
// Edges (zeros, infinities, NaN) are PyTorch's: test/golden/elementwise.test.ts.
#if defined(VITRINE_KERNELS_UNARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_UNARY_INL_H_
#undef VITRINE_KERNELS_UNARY_INL_H_
#else
#define VITRINE_KERNELS_UNARY_INL_H_
#endif

#include "kernels/math-inl.h"
#include "kernels/power-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

struct Neg {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return hn::Neg(x); }
  static HWY_INLINE VF Backward(VF dy, VF, VF, VF) { return hn::Neg(dy); }
};

struct Exponential {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return ExpToSubnormal(x); }
  static HWY_INLINE VF Backward(VF dy, VF y, VF, VF) { return hn::Mul(dy, y); }
};

struct Log {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return LogWithEdges(x, x, hn::Log(F32(), x)); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) { return hn::Div(dy, x); }
};

struct Log1p {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    return LogWithEdges(x, hn::Add(x, Splat(1.0f)), hn::Log1p(F32(), x));
  }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) {
    return hn::Div(dy, hn::Add(x, Splat(1.0f)));
  }
};

struct Sqrt {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return hn::Sqrt(x); }
  static HWY_INLINE VF Backward(VF dy, VF y, VF, VF) { return hn::Div(dy, hn::Add(y, y)); }
};

struct Rsqrt {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return hn::Div(Splat(1.0f), hn::Sqrt(x)); }
  static HWY_INLINE VF Backward(VF dy, VF y, VF, VF) {
    return hn::Mul(hn::Mul(Splat(-0.5f), dy), hn::Mul(y, hn::Mul(y, y)));
  }
};

// -1, 0 or 1; 0 for NaN.
struct Sign {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    const VF zero = Splat(0.0f);
    const VF negative = hn::IfThenElse(hn::Lt(x, zero), Splat(-1.0f), zero);
    return hn::IfThenElse(hn::Gt(x, zero), Splat(1.0f), negative);
  }
  static HWY_INLINE VF Backward(VF, VF, VF, VF) { return Splat(0.0f); }
};

struct Abs {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return hn::Abs(x); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF p, VF q) {
    return hn::Mul(dy, Sign::Forward(x, p, q));
  }
};

struct Sin {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return SinAnywhere(x); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) { return hn::Mul(dy, CosAnywhere(x)); }
};

struct Cos {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return CosAnywhere(x); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) {
    return hn::Neg(hn::Mul(dy, SinAnywhere(x)));
  }
};

// 1 / (1 + e^-x), from e^-|x| <= 1: nothing overflows, and small results keep their digits.
struct Sigmoid {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    const VF e = ExpToSubnormal(hn::Neg(hn::Abs(x)));
    const VF numerator = hn::IfThenElse(hn::Lt(x, Splat(0.0f)), e, Splat(1.0f));
    return hn::Div(numerator, hn::Add(Splat(1.0f), e));
  }
  // y (1 - y) as e / (1 + e)^2, which does not cancel as y nears 1.
  static HWY_INLINE VF Slope(VF x) {
    const VF e = ExpToSubnormal(hn::Neg(hn::Abs(x)));
    const VF sum = hn::Add(Splat(1.0f), e);
    return hn::Div(e, hn::Mul(sum, sum));
  }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) { return hn::Mul(dy, Slope(x)); }
};

// x sigmoid(x) (Hendrycks and Gimpel 2016; Ramachandran et al. 2017).
struct Silu {
  static HWY_INLINE VF Forward(VF x, VF p, VF q) { return hn::Mul(x, Sigmoid::Forward(x, p, q)); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) {
    // s (1 + x (1 - s)), where s and 1 - s are both from e^-|x|.
    const VF e = ExpToSubnormal(hn::Neg(hn::Abs(x)));
    const VF above = hn::Div(Splat(1.0f), hn::Add(Splat(1.0f), e));
    const VF below = hn::Mul(e, above);
    const auto negative = hn::Lt(x, Splat(0.0f));
    const VF s = hn::IfThenElse(negative, below, above);
    const VF rest = hn::IfThenElse(negative, above, below);
    return hn::Mul(dy, hn::Mul(s, hn::MulAdd(x, rest, Splat(1.0f))));
  }
};

struct Square {
  static HWY_INLINE VF Forward(VF x, VF, VF) { return hn::Mul(x, x); }
  static HWY_INLINE VF Backward(VF dy, VF x, VF, VF) { return hn::Mul(dy, hn::Add(x, x)); }
};

// x^p. The exponents below are PyTorch's own short ways, whose edges differ from pow's: sqrt(-0) is
// -0.
struct PowerOf {
  static HWY_INLINE VF Forward(VF x, VF p, VF) {
    const VF one = Splat(1.0f);
    const float exponent = hn::GetLane(p);
    if (exponent == 1.0f) return x;
    if (exponent == 2.0f) return hn::Mul(x, x);
    if (exponent == 3.0f) return hn::Mul(hn::Mul(x, x), x);
    if (exponent == 0.5f) return hn::Sqrt(x);
    if (exponent == -0.5f) return hn::Div(one, hn::Sqrt(x));
    if (exponent == -1.0f) return hn::Div(one, x);
    if (exponent == -2.0f) return hn::Div(one, hn::Mul(x, x));
    return Power(x, p);
  }
  static HWY_INLINE VF Backward(VF dy, VF x, VF p, VF q) {
    const VF slope = hn::Mul(p, Forward(x, hn::Sub(p, Splat(1.0f)), q));
    return hn::IfThenZeroElse(hn::Eq(p, Splat(0.0f)), hn::Mul(dy, slope));
  }
};

// x within [p, q]; q where p > q. The gradient passes within, both ends included.
struct Clamp {
  static HWY_INLINE VF Forward(VF x, VF p, VF q) {
    const VF above = hn::IfThenElse(hn::Lt(x, p), p, x);
    return hn::IfThenElse(hn::Gt(above, q), q, above);
  }
  static HWY_INLINE VF Backward(VF dy, VF x, VF p, VF q) {
    return hn::IfThenElseZero(hn::And(hn::Ge(x, p), hn::Le(x, q)), dy);
  }
};

// log sigmoid(x) = min(x, 0) - log(1 + e^-|x|), which neither overflows nor cancels.
struct LogSigmoid {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    const VF e = ExpToSubnormal(hn::Neg(hn::Abs(x)));
    const VF least = hn::IfThenElse(hn::Gt(x, Splat(0.0f)), Splat(0.0f), x);  // NaN stays
    return hn::Sub(least, hn::Log1p(F32(), e));
  }
  static HWY_INLINE VF Backward(VF dy, VF x, VF p, VF q) {
    return hn::Mul(dy, Sigmoid::Forward(hn::Neg(x), p, q));
  }
};

// Casts, which have no gradient. To integers: what is after the point goes, what is too large
// becomes the largest, and NaN 0.
struct ToInt32 {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    const F32 d;
    const hn::RebindToSigned<F32> di;
    const VF number = hn::IfThenElseZero(hn::Eq(x, x), x);
    return hn::BitCast(d, hn::ConvertTo(di, number));
  }
  static HWY_INLINE VF Backward(VF, VF, VF, VF) { return Splat(0.0f); }
};

struct ToFloat32 {
  static HWY_INLINE VF Forward(VF x, VF, VF) {
    const F32 d;
    return hn::ConvertTo(d, hn::BitCast(hn::RebindToSigned<F32>(), x));
  }
  static HWY_INLINE VF Backward(VF, VF, VF, VF) { return Splat(0.0f); }
};

template <class Op>
void RunForward(float* y, const float* x, int64_t n, float p, float q) {
  const VF vp = Splat(p), vq = Splat(q);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = Op::Forward(io.Load(x + i), vp, vq);
    io.Store(v, y + i);
  });
}

template <class Op>
void RunBackward(float* dx, const float* dy, const float* saved, int64_t n, float p, float q) {
  const VF vp = Splat(p), vq = Splat(q);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = Op::Backward(io.Load(dy + i), io.Load(saved + i), vp, vq);
    io.Store(v, dx + i);
  });
}

template <class... Ops>
struct UnaryTable {
  static constexpr int32_t kCount = sizeof...(Ops);
  static constexpr decltype(&RunForward<Neg>) kForward[] = {&RunForward<Ops>...};
  static constexpr decltype(&RunBackward<Neg>) kBackward[] = {&RunBackward<Ops>...};
};

// An operation's number is its place here, and in UNARY of lib/native.ts.
using Unary = UnaryTable<Neg, Exponential, Log, Log1p, Sqrt, Rsqrt, Abs, Sign, Sin, Cos, Sigmoid,
                         Silu, Square, PowerOf, Clamp, LogSigmoid, ToInt32, ToFloat32>;

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_UNARY_INL_H_
