#include "kernels/swish.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/swish.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void SiluForward(float* y, const float* x, int64_t n) { Activate<SiluActivation>(y, x, n); }
void SiluBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<SiluActivation>(dx, dy, x, n);
}
void QuickGeluForward(float* y, const float* x, int64_t n) {
  Activate<QuickGeluActivation>(y, x, n);
}
void QuickGeluBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<QuickGeluActivation>(dx, dy, x, n);
}

void SwigluForward(float* y, const float* both, int64_t rows, int64_t C) {
  for (int64_t row = 0; row < rows; ++row, y += C, both += 2 * C) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      io.Store(hn::Mul(SiluActivation::Forward(io.Load(both + i)), io.Load(both + C + i)), y + i);
    });
  }
}

void SwigluBackward(float* dboth, const float* dy, const float* both, int64_t rows, int64_t C) {
  for (int64_t row = 0; row < rows; ++row, dboth += 2 * C, dy += C, both += 2 * C) {
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF gate = io.Load(both + i), x = io.Load(both + C + i), d = io.Load(dy + i);
      io.Store(SiluActivation::Backward(hn::Mul(d, x), gate), dboth + i);
      io.Store(hn::Mul(d, SiluActivation::Forward(gate)), dboth + C + i);
    });
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(SiluForward);
KERNEL(SiluBackward);
KERNEL(QuickGeluForward);
KERNEL(QuickGeluBackward);
KERNEL(SwigluForward);
KERNEL(SwigluBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
