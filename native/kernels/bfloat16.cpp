#include "kernels/bfloat16.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bfloat16.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <type_traits>

#include "kernels/activation-inl.h"
#include "kernels/bfloat16-inl.h"

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

// Calls fn with the activation of that number.
template <class Fn>
HWY_INLINE void WithActivation(int32_t activation, const Fn& fn) {
  switch (activation) {
    case 1:
      return fn(Gelu());
    case 2:
      return fn(GeluTanh());
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
  WithActivation(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding) KERNEL_INLINE {
      using Kind = decltype(kind);
      ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
        const VF v = Kind::Forward(Get(io, x + i));
        PutResult(RoundingOf<Kind, decltype(rounding)>(), io, v, y + i);
      });
    });
  });
}

void ActivationBackwardBf16(int32_t activation, Bf16* dx, const Bf16* dy, const Bf16* x,
                            int64_t n) {
  WithActivation(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding) KERNEL_INLINE {
      using Kind = decltype(kind);
      ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
        const VF v = Kind::Backward(Get(io, dy + i), Get(io, x + i));
        PutResult(RoundingOf<Kind, decltype(rounding)>(), io, v, dx + i);
      });
    });
  });
}

template <class Kind, class Rounding>
HWY_INLINE void FinishRows(const FinishedRows& of) {
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
        if (kActivates) v = Kind::Forward(Widen(halves));
      }
      if (residual != nullptr) v = hn::Add(v, Get(io, residual + i));
      PutHalves(io, Rounding::Halves(v), y + i);
    });
    if (preactivation != nullptr) preactivation += of.ldy;
    if (residual != nullptr) residual += of.ldy;
  }
}

void FinishBf16(int32_t activation, const FinishedRows& of) {
  WithActivation(activation, [&](auto kind) KERNEL_INLINE {
    WithRounding<Bf16>([&](auto rounding)
                           KERNEL_INLINE { FinishRows<decltype(kind), decltype(rounding)>(of); });
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
