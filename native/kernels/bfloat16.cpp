#include "kernels/bfloat16.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bfloat16.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <type_traits>

#include "kernels/activation-inl.h"
#include "kernels/bfloat16-inl.h"
#include "kernels/cubics.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void WidenBf16(float* y, const Bf16* x, int64_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE { Put(io, Get(io, x + i), y + i); });
}

void NarrowBf16(Bf16* y, const float* x, int64_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE { Put(io, Get(io, x + i), y + i); });
}

struct Identity {
  static HWY_INLINE VF Forward(VF x) { return x; }
  static HWY_INLINE VF Backward(VF dy, VF /*x*/) { return dy; }
};

#if HWY_TARGET == HWY_AVX3
// Gelu and GeluTanh, and their gradients, by cubics that two permutations of 16 lanes look up: 15
// instructions where Gelu's rational function takes 22 and e^x more. Before rounding y has four
// digits down to -4, and three down to -5.5, where it is -1e-7; the slope is within 2e-6.
class GeluByCubics {
 public:
  HWY_INLINE explicit GeluByCubics(const CubicTable& tail) {
    for (int k = 0; k < 4; ++k) {
      low_[k] = _mm512_load_ps(tail.of[k]);
      high_[k] = _mm512_load_ps(tail.of[k] + 16);
    }
  }
  HWY_INLINE VF Forward(VF x) const { return hn::Mul(x, At(x)); }
  HWY_INLINE VF Backward(VF dy, VF x) const { return hn::Mul(dy, At(x)); }

 private:
  // The function whose tail this is: f(-t), and 1 - f(-t) for t > 0.
  HWY_INLINE VF At(VF x) const {
    const F32 d;
    const VF last = Splat(CubicTable::kPieces - 1), magic = Splat(12582912.0f);  // as in Exp
    // In this order NaN stays NaN.
    const VF t = hn::Min(last, hn::Mul(hn::Abs(x), Splat(CubicTable::kPerUnit)));
    const VF shifted = hn::Add(t, magic);
    const __m512i piece = _mm512_castps_si512(shifted.raw);
    const VF offset = hn::Sub(t, hn::Sub(shifted, magic));
    VF p = Power(3, piece);
    for (int k = 2; k >= 0; --k) p = hn::MulAdd(p, offset, Power(k, piece));
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(Splat(1.0f), p), p);
  }
  HWY_INLINE VF Power(int k, __m512i piece) const {
    return VF{_mm512_permutex2var_ps(low_[k], piece, high_[k])};
  }
  __m512 low_[4], high_[4];
};
#endif

enum class Pass { kForward, kBackward };

// Calls fn with the activation of that number, for one of the passes.
template <Pass kPass, class Fn>
HWY_INLINE void WithActivation(int32_t activation, const Fn& fn) {
  switch (activation) {
#if HWY_TARGET == HWY_AVX3
    case 1:
      return fn(GeluByCubics(kPass == Pass::kForward ? GeluTail() : GeluSlopeTail()));
    case 2:
      return fn(GeluByCubics(kPass == Pass::kForward ? GeluTanhTail() : GeluTanhSlopeTail()));
#else
    case 1:
      return fn(Gelu());
    case 2:
      return fn(GeluTanh());
#endif
    case 3:
      return fn(Relu());
    case 4:
      return fn(Tanh());
    case 5:
      return fn(SiluActivation());
    case 6:
      return fn(QuickGeluActivation());
    default:
      return fn(Identity());
  }
}

// How the results of an activation are rounded: not in `Rounding`, if some of them are no results
// but what the activation has read.
template <class Kind, class Rounding>
using RoundingOf = std::conditional_t<std::is_same_v<Kind, Identity> || std::is_same_v<Kind, Relu>,
                                      ByIntegers, Rounding>;

void ActivationForwardBf16(int32_t activation, Bf16* y, const Bf16* x, int64_t n) {
  WithActivation<Pass::kForward>(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding) KERNEL_INLINE {
      using Kind = decltype(kind);
      ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
        const VF v = kind.Forward(Get(io, x + i));
        PutResult(RoundingOf<Kind, decltype(rounding)>(), io, v, y + i);
      });
    });
  });
}

void ActivationBackwardBf16(int32_t activation, Bf16* dx, const Bf16* dy, const Bf16* x,
                            int64_t n) {
  WithActivation<Pass::kBackward>(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding) KERNEL_INLINE {
      using Kind = decltype(kind);
      ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
        const VF v = kind.Backward(Get(io, dy + i), Get(io, x + i));
        PutResult(RoundingOf<Kind, decltype(rounding)>(), io, v, dx + i);
      });
    });
  });
}

template <class Rounding, class Kind>
HWY_INLINE void FinishRows(const Kind& kind, const FinishedRows& of) {
  constexpr bool kActivates = !std::is_same_v<Kind, Identity>;
  const float *c = of.c, *bias = of.bias;
  Bf16 *y = of.y, *preactivation = of.preactivation;
  const Bf16* residual = of.residual;
  for (int64_t row = 0; row < of.rows; ++row, c += of.ldc, y += of.ldy) {
    ForEachVector(of.columns, [&](auto io, size_t i) KERNEL_INLINE {
      VF v = io.Load(c + i);
      if (bias != nullptr) v = hn::Add(v, io.Load(bias + i));
      if (kActivates || preactivation != nullptr) {
        const auto halves = Rounding::Halves(v);
        if (preactivation != nullptr) PutHalves(io, halves, preactivation + i);
        // The activation reads what backward will read, and what it is made of again there.
        if (kActivates) v = kind.Forward(Widen(halves));
      }
      if (residual != nullptr) v = hn::Add(v, Get(io, residual + i));
      PutHalves(io, Rounding::Halves(v), y + i);
    });
    if (preactivation != nullptr) preactivation += of.ldy;
    if (residual != nullptr) residual += of.ldy;
  }
}

void FinishBf16(int32_t activation, const FinishedRows& of) {
  WithActivation<Pass::kForward>(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding)
                           KERNEL_INLINE { FinishRows<decltype(rounding)>(kind, of); });
  });
}

void ColumnSumBf16(float* out, const Bf16* x, int64_t rows, int64_t C, int64_t ldx) {
  int64_t row = 0;
  // Four rows a pass, so that out is read and written a quarter as often.
  for (; row + 4 <= rows; row += 4, x += 4 * ldx) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF first = hn::Add(Get(io, x + i), Get(io, x + ldx + i));
      const VF second = hn::Add(Get(io, x + 2 * ldx + i), Get(io, x + 3 * ldx + i));
      io.Store(hn::Add(io.Load(out + i), hn::Add(first, second)), out + i);
    });
  }
  for (; row < rows; ++row, x += ldx) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      io.Store(hn::Add(io.Load(out + i), Get(io, x + i)), out + i);
    });
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(WidenBf16);
KERNEL(NarrowBf16);
KERNEL(ActivationForwardBf16);
KERNEL(ActivationBackwardBf16);
KERNEL(FinishBf16);
KERNEL(ColumnSumBf16);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
