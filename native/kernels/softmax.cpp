#include "kernels/softmax.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <cmath>

#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void SoftmaxForward(float* y, const float* x, int64_t rows, int64_t C) {
  for (int64_t row = 0; row < rows; ++row, y += C, x += C) {
    const VF max = Splat(RowMax(x, C));
    Sums sums;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      const VF e = Exp(hn::Sub(io.Load(x + i), max));
      io.Store(e, y + i);
      sums.part[k] = hn::Add(sums.part[k], io.Keep(e));
    });
    const VF scale = Splat(1.0f / sums.Total());
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF v = hn::Mul(io.Load(y + i), scale);
      io.Store(v, y + i);
    });
  }
}

void SoftmaxBackward(float* dx, const float* dy, const float* y, int64_t rows, int64_t C) {
  for (int64_t row = 0; row < rows; ++row, dx += C, dy += C, y += C) {
    Sums sums;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      sums.part[k] = hn::MulAdd(io.Load(dy + i), io.Load(y + i), sums.part[k]);
    });
    const VF dot = Splat(sums.Total());
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      io.Store(hn::Mul(io.Load(y + i), hn::Sub(io.Load(dy + i), dot)), dx + i);
    });
  }
}

void SumExp(float* shift, float* sum, const float* x, int64_t n) {
  const float largest = RowMax(x, n);
  *shift = std::isfinite(largest) ? largest : 0.0f;
  const VF by = Splat(*shift);
  Sums sums;
  ForEachVectorOf4(n, [&](auto io, size_t i, int k) KERNEL_INLINE {
    sums.part[k] = hn::Add(sums.part[k], io.Keep(Exp(hn::Sub(io.Load(x + i), by))));
  });
  *sum = sums.Total();
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(SoftmaxForward);
KERNEL(SoftmaxBackward);
KERNEL(SumExp);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
