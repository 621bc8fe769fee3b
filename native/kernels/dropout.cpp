#include "kernels/dropout.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/philox-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void DropoutForward(float* y, const float* x, int64_t n, float p, uint64_t seed, uint64_t offset) {
  const VF threshold = Splat(p);
  const VF scale = Splat(1.0f / (1.0f - p));
  const auto fill = [&](const uint32_t* words, size_t skip, size_t i, size_t count) KERNEL_INLINE {
    ForEachVector(count, [&](auto io, size_t j) KERNEL_INLINE {
      const auto kept = hn::Ge(UnitFloat(words + skip + j), threshold);
      io.Store(hn::IfThenElseZero(kept, hn::Mul(io.Load(x + i + j), scale)), y + i + j);
    });
  };
  ForEachPhiloxRun(n, seed, offset, fill);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(DropoutForward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
