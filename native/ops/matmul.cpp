#include "ops/matmul.h"

#include <algorithm>

#include "gemm/gemm.h"

namespace vitrine::ops {

void Matmul::Run(Context& context) {
  if (Product(m, n) == 0) return;
  if (batch == 0) {
    if (stride_c == 0 && !accumulate) std::fill_n(c.data, m * n, 0.0f);
    return;
  }
  if (k == 0) {
    // Factors without elements lie nowhere; products without terms that are summed, of which there
    // may be any number, are one.
    stride_a = stride_b = 0;
    if (stride_c == 0) batch = 1;
  }
  gemm::MatrixProduct product{m, n, k, c, n};
  product.a = {a, transpose_a ? m : k, transpose_a};
  product.b = {b, transpose_b ? k : n, transpose_b};
  product.accumulate = accumulate;
  product.bf16 = bf16;
  product.batch = {batch, stride_a, stride_b, stride_c};
  gemm::Multiply(context, product);
}

}  // namespace vitrine::ops
