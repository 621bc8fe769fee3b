#include "kernels/binary.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/binary-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

int32_t BinaryCount() { return BinaryOps::kCount; }

void Binary(int32_t operation, float* y, const float* a, const float* b, const Plane<3>& plane) {
  BinaryOps::kForward[operation](y, a, b, plane);
}

void Ternary(int32_t operation, float* y, const float* c, const float* a, const float* b,
             const Plane<4>& plane) {
  if (operation == 0) return RunTernary<Where>(y, c, a, b, plane);
  const int32_t of = (operation - 1) / 2;
  const RunsTernary run =
      operation % 2 == 1 ? BinaryOps::kGradientA[of] : BinaryOps::kGradientB[of];
  run(y, c, a, b, plane);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(BinaryCount);
KERNEL(Binary);
KERNEL(Ternary);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
