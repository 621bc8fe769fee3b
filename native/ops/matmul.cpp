#include "ops/matmul.h"

#include <algorithm>

#include "gemm/gemm.h"

namespace vitrine::ops {

void Matmul::Run(Context& context) {
  if (Product(m, n) == 0) return;
  if (batch == 0) {
    if (stride_c == 0 && beta == 0) std::fill_n(c.data, m * n, 0.0f);
    return;
  }
  if (k == 0) {
    // Factors without elements lie nowhere; products without terms that are summed, of which there
    // may be any number, are one.
    stride_a = stride_b = 0;
    if (stride_c == 0) batch = 1;
  }
  gemm::Multiply(context, {.m = m,
                           .n = n,
                           .k = k,
                           .c = c,
                           .ldc = n,
                           .a = {a, transpose_a ? m : k, transpose_a},
                           .b = {b, transpose_b ? k : n, transpose_b},
                           .accumulate = beta != 0,
                           .batch = {batch, stride_a, stride_b, stride_c}});
}

}  // namespace vitrine::ops
