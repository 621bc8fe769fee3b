#include "kernels/relu.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/relu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void ReluForward(float* y, const float* x, int64_t n) { Activate<Relu>(y, x, n); }
void ReluBackward(float* dx, const float* dy, const float* x, int64_t n) {
  ActivateBackward<Relu>(dx, dy, x, n);
}
}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(ReluForward);
KERNEL(ReluBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
