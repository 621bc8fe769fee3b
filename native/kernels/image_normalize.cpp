#include "kernels/image_normalize.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/image_normalize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void NormalizeBytes(float* y, const uint8_t* x, int64_t stride, float offset, float divisor,
                    int64_t n) {
  const VF minus = Splat(offset), by = Splat(divisor);
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i * stride]);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    io.Store(hn::Div(hn::Sub(io.Load(y + i), minus), by), y + i);
  });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(NormalizeBytes);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
