#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// c[i] = alpha * op(a[i]) op(b[i]) + beta * c[i] for each i of the batch. Its backward is two more
// of the same. A batch stride of 0 shares a or b among the batch; shared c (stride 0) sums the
// products over the batch, in order.
struct Matmul {
  static constexpr const char* kName = "matmul";
  Out<float> c;  // (m, n) each
  In<float> a;   // (m, k) each, or (k, m) when transposed
  In<float> b;   // (k, n) each, or (n, k) when transposed
  int64_t batch, m, n, k;
  int64_t stride_a, stride_b, stride_c;
  bool transpose_a, transpose_b;
  float alpha, beta;
  template <class F>
  void Fields(F& f) {
    f(c, a, b, batch, m, n, k, stride_a, stride_b, stride_c, transpose_a, transpose_b, alpha, beta);
  }
  bool Valid() const {
    if (batch <= 0) return batch == 0 && (stride_c != 0 || Holds(c, m * n));
    const int64_t last = batch - 1;
    return Holds(c, last * stride_c + m * n) && Holds(a, last * stride_a + m * k) &&
           Holds(b, last * stride_b + k * n);
  }
  void Run(Context& context);

 private:
  // Through PackedProduct; false if that would not pay.
  bool RunPacked(Context& context);
};

}  // namespace vitrine::ops
