#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// c[i] = op(a[i]) op(b[i]), or c[i] plus that, for each i of the batch. Its backward is two more
// of the same. A batch stride of 0 shares a or b among the batch; shared c (stride 0) sums the
// products over the batch, in order. `bf16`: whether the factors are rounded to bfloat16.
struct Matmul {
  Out<float> c;  // (m, n) each
  In<float> a;   // (m, k) each, or (k, m) when transposed
  In<float> b;   // (k, n) each, or (n, k) when transposed
  int64_t batch, m, n, k;
  int64_t stride_a, stride_b, stride_c;
  bool transpose_a, transpose_b;
  bool accumulate, bf16;
  OP("matmul", c, a, b, batch, m, n, k, stride_a, stride_b, stride_c, transpose_a, transpose_b,
     accumulate, bf16);
  bool Valid() const {
    if (batch <= 0) return batch == 0 && (stride_c != 0 || Holds(c, Product(m, n)));
    // A batch that moves nowhere is no batch: nothing of what is held bounds it.
    const bool moves = stride_a != 0 || stride_b != 0 || stride_c != 0;
    if (batch > 1 && !moves && Product(m, n, k) != 0) return false;
    return HoldsBatch(c, stride_c, Product(m, n)) && HoldsBatch(a, stride_a, Product(m, k)) &&
           HoldsBatch(b, stride_b, Product(k, n));
  }

 private:
  template <class Operand>
  bool HoldsBatch(const Operand& operand, int64_t stride, int64_t count) const {
    if (count == 0) return Holds(operand, 0);
    const int64_t before = Product(batch - 1, stride);
    int64_t all = 0;
    return before >= 0 && count > 0 && !__builtin_add_overflow(before, count, &all) &&
           Holds(operand, all);
  }
};

}  // namespace vitrine::ops
