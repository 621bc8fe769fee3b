#include "kernels/gelu.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gelu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void GeluForward(float* y, const float* x, int64_t n) { Activate<Gelu>(y, x, n); }
void GeluBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<Gelu>(dx, dy, x, n);
}
void GeluTanhForward(float* y, const float* x, int64_t n) { Activate<GeluTanh>(y, x, n); }
void GeluTanhBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<GeluTanh>(dx, dy, x, n);
}
}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(GeluForward);
KERNEL(GeluBackward);
KERNEL(GeluTanhForward);
KERNEL(GeluTanhBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
