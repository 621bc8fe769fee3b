#pragma once

#include "gemm/gemm.h"

namespace vitrine::gemm {

// Multiply-adds up to which the plain loop beats a BLAS call, whose packing and checks cost about
// as much as the product itself there.
constexpr int64_t kSmallProduct = 16 * 1024;

// Gemm() as a plain loop.
void SmallGemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
               float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta,
               float* c, int64_t ldc);

}  // namespace vitrine::gemm
