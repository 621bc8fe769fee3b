#include "kernels/quantize.h"

#include <cstring>
#include <limits>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;

// The largest magnitude, by its bits: whole numbers have one order for NaNs, too.
float LargestMagnitude(const float* x, int64_t n) {
  const I32 d;
  const auto magnitude = hn::Set(d, 0x7fffffff);
  auto most = hn::Zero(d), other = hn::Zero(d);
  ForEachVectorOf4(n, [&](auto io, size_t i, int k) KERNEL_INLINE {
    const auto bits = hn::And(hn::BitCast(d, io.Load(x + i)), magnitude);
    if (k % 2 == 0) {
      most = hn::Max(most, bits);
    } else {
      other = hn::Max(other, bits);
    }
  });
  const int32_t bits = hn::GetLane(hn::MaxOfLanes(d, hn::Max(most, other)));
  float largest = 0;
  std::memcpy(&largest, &bits, sizeof(largest));
  return largest;
}

float QuantizeRow(int8_t* q, const float* x, int64_t n, int flip) {
  constexpr float kMost = 127, kLeast = 1e-30f;
  const float largest = LargestMagnitude(x, n);
  const bool finite = largest <= std::numeric_limits<float>::max();
  const bool is_zero = !finite || largest < kLeast;
  const VF factor = Splat(is_zero ? 0.0f : kMost / largest);
  const hn::Rebind<int8_t, F32> bytes;
  const auto flips = hn::Set(bytes, static_cast<int8_t>(flip));
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const auto rounded = hn::NearestInt(hn::Mul(io.Load(x + i), factor));
    const auto kept = is_zero ? hn::Zero(I32()) : rounded;  // 0 times what is not finite
    hn::StoreU(hn::Xor(hn::DemoteTo(bytes, kept), flips), bytes, q + i);
  });
  if (!finite) return std::numeric_limits<float>::quiet_NaN();
  return is_zero ? 0.0f : largest / kMost;
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(QuantizeRow);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
