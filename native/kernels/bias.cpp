#include "kernels/bias.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bias.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

template <class Activation>
HWY_INLINE void AddBiasActivate(float* y, float* preactivation, const float* bias, int64_t rows,
                                int64_t C, int64_t ldy) {
  // Read again only by the backward: streamed, it leaves y in the caches (Zen 5: 0.97 to 0.99 of a
  // training step).
  const bool streams = preactivation != nullptr && CanStream(preactivation, ldy);
  for (int64_t row = 0; row < rows; ++row, y += ldy) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      VF v = io.Load(y + i);
      if (bias != nullptr) v = hn::Add(v, io.Load(bias + i));
      if (preactivation != nullptr) {
        streams ? io.Stream(v, preactivation + i) : io.Store(v, preactivation + i);
      }
      io.Store(Activation::Forward(v), y + i);
    });
    if (preactivation != nullptr) preactivation += ldy;
  }
  if (streams) hwy::FlushStream();
}

void AddBiasGelu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) {
  AddBiasActivate<Gelu>(y, preactivation, bias, rows, C, ldy);
}
void AddBiasGeluTanh(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                     int64_t ldy) {
  AddBiasActivate<GeluTanh>(y, preactivation, bias, rows, C, ldy);
}
void AddBiasRelu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) {
  AddBiasActivate<Relu>(y, preactivation, bias, rows, C, ldy);
}
void AddBiasTanh(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) {
  AddBiasActivate<Tanh>(y, preactivation, bias, rows, C, ldy);
}

void AddBiasSilu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) {
  AddBiasActivate<SiluActivation>(y, preactivation, bias, rows, C, ldy);
}
void AddBiasQuickGelu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                      int64_t ldy) {
  AddBiasActivate<QuickGeluActivation>(y, preactivation, bias, rows, C, ldy);
}

void AddBias(float* y, const float* bias, int64_t rows, int64_t C, int64_t ldy) {
  if (bias == nullptr) return;
  for (int64_t row = 0; row < rows; ++row, y += ldy) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      io.Store(hn::Add(io.Load(y + i), io.Load(bias + i)), y + i);
    });
  }
}

void AddBiasResidual(float* y, const float* bias, const float* residual, int64_t rows, int64_t C,
                     int64_t ldy) {
  for (int64_t row = 0; row < rows; ++row, y += ldy, residual += ldy) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      VF v = io.Load(y + i);
      if (bias != nullptr) v = hn::Add(v, io.Load(bias + i));
      io.Store(hn::Add(v, io.Load(residual + i)), y + i);
    });
  }
}

void ColumnSum(float* out, const float* x, int64_t rows, int64_t C, int64_t ldx) {
  int64_t row = 0;
  // Four rows a pass, so that out is read and written a quarter as often.
  for (; row + 4 <= rows; row += 4, x += 4 * ldx) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF first = hn::Add(io.Load(x + i), io.Load(x + ldx + i));
      const VF second = hn::Add(io.Load(x + 2 * ldx + i), io.Load(x + 3 * ldx + i));
      io.Store(hn::Add(io.Load(out + i), hn::Add(first, second)), out + i);
    });
  }
  for (; row < rows; ++row, x += ldx) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      io.Store(hn::Add(io.Load(out + i), io.Load(x + i)), out + i);
    });
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(AddBias);
KERNEL(AddBiasGelu);
KERNEL(AddBiasGeluTanh);
KERNEL(AddBiasRelu);
KERNEL(AddBiasTanh);
KERNEL(AddBiasSilu);
KERNEL(AddBiasQuickGelu);
KERNEL(AddBiasResidual);
KERNEL(ColumnSum);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
