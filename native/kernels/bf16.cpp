#include "kernels/bf16.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bf16.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

uint16_t Round(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>(bits >> 16 | 0x40);  // a quiet NaN
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void RoundAll(uint16_t* y, const float* x, int64_t n) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint32_t> d32;
  const hn::Rebind<uint16_t, decltype(d32)> d16;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d32));
  const auto low = hn::Set(d32, 0x7fff);
  const auto one = hn::Set(d32, 1);
  const auto infinity = hn::Set(d32, 0x7f800000);
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::BitCast(d32, hn::LoadU(F32(), x + i));
    const auto upper = hn::ShiftRight<16>(bits);
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(low, hn::And(upper, one))));
    const auto is_nan = hn::Gt(hn::And(bits, hn::Set(d32, 0x7fffffff)), infinity);
    const auto result = hn::IfThenElse(is_nan, hn::Or(upper, hn::Set(d32, 0x40)), rounded);
    hn::StoreU(hn::TruncateTo(d16, result), d16, y + i);
  }
#endif
  for (; i < n; ++i) y[i] = Round(x[i]);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

HWY_EXPORT(RoundAll);

void RoundToBf16(uint16_t* y, const float* x, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(RoundAll)(y, x, n);
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
