#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// c (m,n) = a (m,k) b^T, or c plus that, for b (n,k), whose rows are read once, in the order in
// which they lie. All row strides in floats.
struct FewRows {
  float* c;
  int64_t ldc;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t ldb;
  int64_t m, n, k;
  bool accumulate;
};

extern const PerIsa<void(const FewRows& product)> FewRowsProduct;

}  // namespace vitrine::kernels
