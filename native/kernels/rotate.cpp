#include "kernels/rotate.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rotate.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void RotateHalves(float* y, const float* x, const float* cos, const float* sin, int64_t heads,
                  int64_t pairs, float turn) {
  const VF sign = Splat(turn);
  for (int64_t head = 0; head < heads; ++head, y += 2 * pairs, x += 2 * pairs) {
    ForEachVector(pairs, [&](auto io, size_t i) KERNEL_INLINE {
      const VF c = io.Load(cos + i), s = hn::Mul(sign, io.Load(sin + i));
      const VF a = io.Load(x + i), b = io.Load(x + pairs + i);
      io.Store(hn::NegMulAdd(b, s, hn::Mul(a, c)), y + i);
      io.Store(hn::MulAdd(a, s, hn::Mul(b, c)), y + pairs + i);
    });
  }
}

void RotateNeighbours(float* y, const float* x, const float* cos, const float* sin, int64_t heads,
                      int64_t pairs, float turn) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const VF sign = Splat(turn);
  for (int64_t head = 0; head < heads; ++head, y += 2 * pairs, x += 2 * pairs) {
    int64_t i = 0;
    for (; i + lanes <= pairs; i += lanes) {
      const VF c = hn::LoadU(d, cos + i), s = hn::Mul(sign, hn::LoadU(d, sin + i));
      VF a, b;
      hn::LoadInterleaved2(d, x + 2 * i, a, b);
      hn::StoreInterleaved2(hn::NegMulAdd(b, s, hn::Mul(a, c)), hn::MulAdd(a, s, hn::Mul(b, c)), d,
                            y + 2 * i);
    }
    for (; i < pairs; ++i) {
      const float c = cos[i], s = turn * sin[i], a = x[2 * i], b = x[2 * i + 1];
      y[2 * i] = a * c - b * s;
      y[2 * i + 1] = b * c + a * s;
    }
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(RotateHalves);
KERNEL(RotateNeighbours);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
