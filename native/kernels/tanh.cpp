#include "kernels/tanh.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tanh.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void TanhForward(float* y, const float* x, int64_t n) { Activate<Tanh>(y, x, n); }
void TanhBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<Tanh>(dx, dy, x, n);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(TanhForward);
KERNEL(TanhBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
