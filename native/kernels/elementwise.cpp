#include "kernels/elementwise.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

void Add(float* y, const float* a, const float* b, int64_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF sum = hn::Add(io.Load(a + i), io.Load(b + i));
    io.Store(sum, y + i);
  });
}

void Scale(float* y, const float* x, float a, int64_t n) {
  const VF va = Splat(a);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF product = hn::Mul(va, io.Load(x + i));
    io.Store(product, y + i);
  });
}

void Affine(float* y, const float* x, float a, float b, int64_t n) {
  const VF va = Splat(a);
  const VF vb = Splat(b);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    // Rounded twice, so that scaled random draws are the same bits with and without fused
    // instructions.
    const VF v = hn::Add(hn::Mul(va, io.Load(x + i)), vb);
    io.Store(v, y + i);
  });
}

void Axpy(float* y, const float* x, float a, int64_t n) {
  const VF va = Splat(a);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    io.Store(hn::MulAdd(va, io.Load(x + i), io.Load(y + i)), y + i);
  });
}

// The sum of term(x[i]) in double lanes; term takes a vector of doubles.
template <class Term>
HWY_INLINE double SumOf(const float* x, size_t n, Term term) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    sum0 = hn::Add(sum0, term(hn::PromoteTo(d, hn::LoadU(df, x + i))));
    sum1 = hn::Add(sum1, term(hn::PromoteTo(d, hn::LoadU(df, x + i + lanes))));
    sum2 = hn::Add(sum2, term(hn::PromoteTo(d, hn::LoadU(df, x + i + 2 * lanes))));
    sum3 = hn::Add(sum3, term(hn::PromoteTo(d, hn::LoadU(df, x + i + 3 * lanes))));
  }
  // Fewer than four vectors are left: the last elements one to a vector, so that none is read past
  // the end.
  const hn::CappedTag<double, 1> d1;
  auto rest = hn::Zero(d1);
  for (; i < n; ++i) rest = hn::Add(rest, term(hn::Set(d1, static_cast<double>(x[i]))));
  const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  return hn::GetLane(hn::SumOfLanes(d, sum)) + hn::GetLane(rest);
}

float Sum(const float* x, int64_t n) {
  return static_cast<float>(SumOf(x, n, [](auto v) KERNEL_INLINE { return v; }));
}

double SumSquares(const float* x, int64_t n) {
  return SumOf(x, n, [](auto v) KERNEL_INLINE { return hn::Mul(v, v); });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(Add);
KERNEL(Scale);
KERNEL(Affine);
KERNEL(Axpy);
KERNEL(Sum);
KERNEL(SumSquares);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
