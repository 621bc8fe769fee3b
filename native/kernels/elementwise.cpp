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

void Mul(float* y, const float* a, const float* b, int64_t n) {
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF product = hn::Mul(io.Load(a + i), io.Load(b + i));
    io.Store(product, y + i);
  });
}

void Scale(float* y, const float* x, float a, int64_t n) {
  const VF va = Splat(a);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF product = hn::Mul(va, io.Load(x + i));
    io.Store(product, y + i);
  });
}

void AddScalar(float* y, const float* x, float b, int64_t n) {
  const VF vb = Splat(b);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF sum = hn::Add(io.Load(x + i), vb);
    io.Store(sum, y + i);
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

void Fill(float* y, float value, int64_t n) {
  const VF v = Splat(value);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE { io.Store(v, y + i); });
}

void AddRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) {
  for (int64_t r = 0; r < rows; ++r) Add(y + r * C, x + r * C, row, C);
}

void MulRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) {
  for (int64_t r = 0; r < rows; ++r) Mul(y + r * C, x + r * C, row, C);
}

void AddColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) {
  for (int64_t r = 0; r < rows; ++r) AddScalar(y + r * C, x + r * C, column[r], C);
}

void MulColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) {
  for (int64_t r = 0; r < rows; ++r) Scale(y + r * C, x + r * C, column[r], C);
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

HWY_EXPORT(Add);
HWY_EXPORT(Mul);
HWY_EXPORT(Scale);
HWY_EXPORT(AddScalar);
HWY_EXPORT(Affine);
HWY_EXPORT(Axpy);
HWY_EXPORT(Fill);
HWY_EXPORT(AddRow);
HWY_EXPORT(MulRow);
HWY_EXPORT(AddColumn);
HWY_EXPORT(MulColumn);
HWY_EXPORT(Sum);
HWY_EXPORT(SumSquares);

void Add(float* y, const float* a, const float* b, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(Add)(y, a, b, n);
}

void Mul(float* y, const float* a, const float* b, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(Mul)(y, a, b, n);
}

void Scale(float* y, const float* x, float a, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(Scale)(y, x, a, n);
}

void AddScalar(float* y, const float* x, float b, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(AddScalar)(y, x, b, n);
}

void Affine(float* y, const float* x, float a, float b, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(Affine)(y, x, a, b, n);
}

void Axpy(float* y, const float* x, float a, int64_t n) noexcept {
  HWY_DYNAMIC_DISPATCH(Axpy)(y, x, a, n);
}

void Fill(float* y, float value, int64_t n) noexcept { HWY_DYNAMIC_DISPATCH(Fill)(y, value, n); }

void AddRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(AddRow)(y, x, row, rows, C);
}

void MulRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(MulRow)(y, x, row, rows, C);
}

void AddColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(AddColumn)(y, x, column, rows, C);
}

void MulColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) noexcept {
  HWY_DYNAMIC_DISPATCH(MulColumn)(y, x, column, rows, C);
}

float Sum(const float* x, int64_t n) noexcept { return HWY_DYNAMIC_DISPATCH(Sum)(x, n); }

double SumSquares(const float* x, int64_t n) noexcept {
  return HWY_DYNAMIC_DISPATCH(SumSquares)(x, n);
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
