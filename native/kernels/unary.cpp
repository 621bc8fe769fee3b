#include "kernels/unary.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/unary.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/unary-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

int32_t UnaryCount() { return Unary::kCount; }

void UnaryForward(int32_t operation, float* y, const float* x, int64_t n, float p, float q) {
  Unary::kForward[operation](y, x, n, p, q);
}

void UnaryBackward(int32_t operation, float* dx, const float* dy, const float* saved, int64_t n,
                   float p, float q) {
  Unary::kBackward[operation](dx, dy, saved, n, p, q);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(UnaryCount);
KERNEL(UnaryForward);
KERNEL(UnaryBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
