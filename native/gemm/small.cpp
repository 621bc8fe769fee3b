#include "gemm/small.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gemm/small.cpp"  // NOLINT: Highway asks for a macro
#include <hwy/foreach_target.h>              // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vitrine::gemm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// b as stored (k,n): each row of c is a sum of rows of b, vectorised along n.
void RowsOfB(bool transpose_a, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
             int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < m; ++i) {
    auto a_at = [&](int64_t p) { return transpose_a ? a[p * lda + i] : a[i * lda + p]; };
    float* row = c + i * ldc;
    int64_t j = 0;
    for (; j + lanes <= n; j += lanes) {
      auto sum = hn::Zero(d);
      for (int64_t p = 0; p < k; ++p)
        sum = hn::MulAdd(hn::Set(d, a_at(p)), hn::LoadU(d, b + p * ldb + j), sum);
      sum = hn::Mul(sum, hn::Set(d, alpha));
      if (beta != 0) sum = hn::MulAdd(hn::Set(d, beta), hn::LoadU(d, row + j), sum);
      hn::StoreU(sum, d, row + j);
    }
    for (; j < n; ++j) {
      float sum = 0;
      for (int64_t p = 0; p < k; ++p) sum += a_at(p) * b[p * ldb + j];
      row[j] = alpha * sum + (beta != 0 ? beta * row[j] : 0.0f);
    }
  }
}

// b as stored (n,k): each element of c is a dot product, vectorised along k when a's rows are
// contiguous too.
void DotsOfRows(bool transpose_a, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
                int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      int64_t p = 0;
      float sum = 0;
      if (!transpose_a && k >= lanes) {
        auto sums = hn::Zero(d);
        for (; p + lanes <= k; p += lanes) {
          sums = hn::MulAdd(hn::LoadU(d, a + i * lda + p), hn::LoadU(d, b + j * ldb + p), sums);
        }
        sum = hn::GetLane(hn::SumOfLanes(d, sums));
      }
      for (; p < k; ++p) sum += (transpose_a ? a[p * lda + i] : a[i * lda + p]) * b[j * ldb + p];
      float* out = c + i * ldc + j;
      *out = alpha * sum + (beta != 0 ? beta * *out : 0.0f);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vitrine::gemm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::gemm {

HWY_EXPORT(RowsOfB);
HWY_EXPORT(DotsOfRows);

void SmallGemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
               float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta,
               float* c, int64_t ldc) {
  const bool ta = transpose_a == Transpose::kYes;
  if (transpose_b == Transpose::kNo) {
    HWY_DYNAMIC_DISPATCH(RowsOfB)(ta, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else {
    HWY_DYNAMIC_DISPATCH(DotsOfRows)(ta, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
}

}  // namespace vitrine::gemm
#endif  // HWY_ONCE
