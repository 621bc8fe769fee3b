#pragma once

#include <cstdint>
#include <string>

#include "gemm/gemm.h"

// Matrix products of bfloat16 operands with float32 sums, through oneDNN.
namespace vitrine::gemm {

// A bfloat16's bits: the upper half of a float32's.
using Bf16 = uint16_t;

// Empty where such products can be had, else one sentence that says what is missing and what to do.
const std::string& WhyNoBf16();

// c (m,n) = op(a) op(b) (+ c), with op(a) (m,k) and op(b) (k,n); otherwise as Gemm(). Only where
// WhyNoBf16() is empty. False if oneDNN could not do it.
bool GemmBf16(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
              const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb, bool accumulate, float* c,
              int64_t ldc);

}  // namespace vitrine::gemm
