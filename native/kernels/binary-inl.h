// Functions of two numbers: each with its value and both gradients on one vector, and the table
// that numbers them. Compiled once per instruction set: include it after foreach_target.h.
// Edges (zeros, infinities, NaN) are PyTorch's: test/golden/elementwise.test.ts.
#if defined(VITRINE_KERNELS_BINARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_BINARY_INL_H_
#undef VITRINE_KERNELS_BINARY_INL_H_
#else
#define VITRINE_KERNELS_BINARY_INL_H_
#endif

#include "kernels/plane.h"
#include "kernels/power-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

struct Sum2 {
  static HWY_INLINE VF Forward(VF a, VF b) { return hn::Add(a, b); }
  static HWY_INLINE VF GradientA(VF dy, VF, VF) { return dy; }
  static HWY_INLINE VF GradientB(VF dy, VF, VF) { return dy; }
};

struct Product {
  static HWY_INLINE VF Forward(VF a, VF b) { return hn::Mul(a, b); }
  static HWY_INLINE VF GradientA(VF dy, VF, VF b) { return hn::Mul(dy, b); }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF) { return hn::Mul(dy, a); }
};

struct Difference {
  static HWY_INLINE VF Forward(VF a, VF b) { return hn::Sub(a, b); }
  static HWY_INLINE VF GradientA(VF dy, VF, VF) { return dy; }
  static HWY_INLINE VF GradientB(VF dy, VF, VF) { return hn::Neg(dy); }
};

struct Quotient {
  static HWY_INLINE VF Forward(VF a, VF b) { return hn::Div(a, b); }
  static HWY_INLINE VF GradientA(VF dy, VF, VF b) { return hn::Div(dy, b); }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF b) {
    return hn::Mul(hn::Neg(dy), hn::Div(hn::Div(a, b), b));
  }
};

// Where both are equal, each gets half of the gradient; where one is NaN, both get all.
struct Minimum {
  static HWY_INLINE VF Forward(VF a, VF b) {
    const VF least = hn::IfThenElse(hn::Lt(a, b), a, b);
    return hn::IfThenElse(hn::Eq(a, a), least, a);
  }
  static HWY_INLINE VF GradientA(VF dy, VF a, VF b) {
    const VF shared = hn::IfThenElse(hn::Eq(a, b), hn::Mul(dy, Splat(0.5f)), dy);
    return hn::IfThenZeroElse(hn::Gt(a, b), shared);
  }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF b) { return GradientA(dy, b, a); }
};

struct Maximum {
  static HWY_INLINE VF Forward(VF a, VF b) {
    const VF most = hn::IfThenElse(hn::Gt(a, b), a, b);
    return hn::IfThenElse(hn::Eq(a, a), most, a);
  }
  static HWY_INLINE VF GradientA(VF dy, VF a, VF b) { return Minimum::GradientA(dy, b, a); }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF b) { return Minimum::GradientA(dy, a, b); }
};

// a^b; 0 to a power of at least 0 passes no gradient to the power, and x^0 none to x.
struct PowerOfBoth {
  static HWY_INLINE VF Forward(VF a, VF b) { return Power(a, b); }
  static HWY_INLINE VF GradientA(VF dy, VF a, VF b) {
    const VF slope = hn::Mul(b, Power(a, hn::Sub(b, Splat(1.0f))));
    return hn::IfThenZeroElse(hn::Eq(b, Splat(0.0f)), hn::Mul(dy, slope));
  }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF b) {
    const VF zero = Splat(0.0f);
    const VF slope = hn::Mul(Power(a, b), LogWithEdges(a, a, hn::Log(F32(), a)));
    const auto flat = hn::And(hn::Eq(a, zero), hn::Ge(b, zero));
    return hn::IfThenZeroElse(flat, hn::Mul(dy, slope));
  }
};

// a log b; 0 where a is, unless b is NaN.
struct XLogY {
  static HWY_INLINE VF Logarithm(VF b) { return LogWithEdges(b, b, hn::Log(F32(), b)); }
  static HWY_INLINE VF Forward(VF a, VF b) {
    const VF product = hn::Mul(a, Logarithm(b));
    const auto zero = hn::And(hn::Eq(a, Splat(0.0f)), hn::Eq(b, b));
    return hn::IfThenZeroElse(zero, product);
  }
  // PyTorch's: none where a is 0 and b not above it.
  static HWY_INLINE VF GradientA(VF dy, VF a, VF b) {
    const auto none = hn::And(hn::Eq(a, Splat(0.0f)), hn::Le(b, Splat(0.0f)));
    return hn::IfThenZeroElse(none, hn::Mul(dy, Logarithm(b)));
  }
  static HWY_INLINE VF GradientB(VF dy, VF a, VF b) { return hn::Div(hn::Mul(dy, a), b); }
};

// The integers 1 and 0.
template <class Mask>
HWY_INLINE VF Truth(Mask mask) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  return hn::IfThenElseZero(mask, hn::BitCast(d, hn::Set(di, 1)));
}

// Comparisons have no gradient.
struct Comparison {
  static HWY_INLINE VF GradientA(VF, VF, VF) { return Splat(0.0f); }
  static HWY_INLINE VF GradientB(VF, VF, VF) { return Splat(0.0f); }
};
struct Equal : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Eq(a, b)); }
};
struct NotEqual : Comparison {
  // NaN differs from everything; some of Highway's Ne say that it does not.
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Not(hn::Eq(a, b))); }
};
struct Less : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Lt(a, b)); }
};
struct LessOrEqual : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Le(a, b)); }
};
struct Greater : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Gt(a, b)); }
};
struct GreaterOrEqual : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) { return Truth(hn::Ge(a, b)); }
};

// The same of integers, which lie in the lanes as they are: sums and products wrap around, as
// PyTorch's do. Integers have no gradient.
template <class Op>
struct OfIntegers : Comparison {
  static HWY_INLINE VF Forward(VF a, VF b) {
    const hn::RebindToSigned<F32> di;
    return Op::Apply(hn::BitCast(di, a), hn::BitCast(di, b));
  }
};
using VI = hn::Vec<hn::RebindToSigned<F32>>;
HWY_INLINE VF Bits(VI v) { return hn::BitCast(F32(), v); }
template <class Mask>
HWY_INLINE VF IntegerTruth(Mask mask) {
  const hn::RebindToSigned<F32> di;
  return Bits(hn::IfThenElseZero(mask, hn::Set(di, 1)));
}
struct IntegerSum {
  static HWY_INLINE VF Apply(VI a, VI b) { return Bits(hn::Add(a, b)); }
};
struct IntegerProduct {
  static HWY_INLINE VF Apply(VI a, VI b) { return Bits(hn::Mul(a, b)); }
};
struct IntegerDifference {
  static HWY_INLINE VF Apply(VI a, VI b) { return Bits(hn::Sub(a, b)); }
};
struct IntegerMinimum {
  static HWY_INLINE VF Apply(VI a, VI b) { return Bits(hn::Min(a, b)); }
};
struct IntegerMaximum {
  static HWY_INLINE VF Apply(VI a, VI b) { return Bits(hn::Max(a, b)); }
};
struct IntegerEqual {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Eq(a, b)); }
};
struct IntegerNotEqual {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Ne(a, b)); }
};
struct IntegerLess {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Lt(a, b)); }
};
// Highway 1.0.3 has no Le and Ge of integers.
struct IntegerLessOrEqual {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Not(hn::Gt(a, b))); }
};
struct IntegerGreater {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Gt(a, b)); }
};
struct IntegerGreaterOrEqual {
  static HWY_INLINE VF Apply(VI a, VI b) { return IntegerTruth(hn::Not(hn::Lt(a, b))); }
};

struct Where {
  static HWY_INLINE VF Apply(VF c, VF a, VF b) {
    const hn::RebindToSigned<F32> di;
    const auto zero = hn::Eq(hn::BitCast(di, c), hn::Zero(di));
    return hn::IfThenElse(hn::RebindMask(F32(), zero), b, a);
  }
};
template <class Op>
struct OfA {
  static HWY_INLINE VF Apply(VF dy, VF a, VF b) { return Op::GradientA(dy, a, b); }
};
template <class Op>
struct OfB {
  static HWY_INLINE VF Apply(VF dy, VF a, VF b) { return Op::GradientB(dy, a, b); }
};

// One operand of a row: vectors of it, or one number over and over.
struct Operand {
  const float* at;
  bool repeats;
  VF value;

  HWY_INLINE Operand(const float* row, bool once) : at(row), repeats(once), value(Splat(*row)) {}
  template <class Io>
  HWY_INLINE VF Load(Io io, size_t i) const {
    return repeats ? value : io.Load(at + i);
  }
};

template <class Op>
HWY_INLINE void BinaryRow(float* y, const float* a, const float* b, int64_t step_a, int64_t step_b,
                          int64_t n) {
  const Operand of_a(a, step_a == 0), of_b(b, step_b == 0);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = Op::Forward(of_a.Load(io, i), of_b.Load(io, i));
    io.Store(v, y + i);
  });
}

template <class Op>
void RunBinary(float* y, const float* a, const float* b, const Plane<3>& plane) {
  const auto& [step_y, step_a, step_b] = plane.column_stride;
  // Columns that are neither side by side nor repeated: one at a time.
  const int64_t run = step_a > 1 || step_b > 1 || step_y > 1 ? 1 : plane.columns;
  for (int64_t r = 0; r < plane.rows; ++r) {
    float* row_y = y + r * plane.row_stride[0];
    const float* row_a = a + r * plane.row_stride[1];
    const float* row_b = b + r * plane.row_stride[2];
    for (int64_t i = 0; i < plane.columns; i += run) {
      BinaryRow<Op>(row_y + i * step_y, row_a + i * step_a, row_b + i * step_b, step_a, step_b,
                    run);
    }
  }
}

template <class Op>
HWY_INLINE void TernaryRow(float* y, const float* c, const float* a, const float* b, int64_t step_c,
                           int64_t step_a, int64_t step_b, int64_t n) {
  const Operand of_c(c, step_c == 0), of_a(a, step_a == 0), of_b(b, step_b == 0);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = Op::Apply(of_c.Load(io, i), of_a.Load(io, i), of_b.Load(io, i));
    io.Store(v, y + i);
  });
}

template <class Op>
void RunTernary(float* y, const float* c, const float* a, const float* b, const Plane<4>& plane) {
  const auto& [step_y, step_c, step_a, step_b] = plane.column_stride;
  const bool apart = step_y > 1 || step_c > 1 || step_a > 1 || step_b > 1;
  const int64_t run = apart ? 1 : plane.columns;
  for (int64_t r = 0; r < plane.rows; ++r) {
    const auto& [row_y, row_c, row_a, row_b] = plane.row_stride;
    for (int64_t i = 0; i < plane.columns; i += run) {
      TernaryRow<Op>(y + r * row_y + i * step_y, c + r * row_c + i * step_c,
                     a + r * row_a + i * step_a, b + r * row_b + i * step_b, step_c, step_a, step_b,
                     run);
    }
  }
}

using RunsBinary = void (*)(float*, const float*, const float*, const Plane<3>&);
using RunsTernary = void (*)(float*, const float*, const float*, const float*, const Plane<4>&);

template <class... Ops>
struct BinaryTable {
  static constexpr int32_t kCount = sizeof...(Ops);
  static constexpr RunsBinary kForward[] = {&RunBinary<Ops>...};
  static constexpr RunsTernary kGradientA[] = {&RunTernary<OfA<Ops>>...};
  static constexpr RunsTernary kGradientB[] = {&RunTernary<OfB<Ops>>...};
};

// An operation's number is its place here, and in BINARY and BINARY_INT32 of lib/native.ts.
using BinaryOps = BinaryTable<
    Sum2, Product, Difference, Quotient, Minimum, Maximum, PowerOfBoth, Equal, NotEqual, Less,
    LessOrEqual, Greater, GreaterOrEqual, XLogY, OfIntegers<IntegerSum>, OfIntegers<IntegerProduct>,
    OfIntegers<IntegerDifference>, OfIntegers<IntegerMinimum>, OfIntegers<IntegerMaximum>,
    OfIntegers<IntegerEqual>, OfIntegers<IntegerNotEqual>, OfIntegers<IntegerLess>,
    OfIntegers<IntegerLessOrEqual>, OfIntegers<IntegerGreater>, OfIntegers<IntegerGreaterOrEqual>>;

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_BINARY_INL_H_
