#pragma once

#include "kernels/unary.h"
#include "ops/op.h"

namespace vitrine::ops {

// y = f(x), element by element: the function numbered `operation`, whose own numbers are p and q.
struct UnaryForward {
  Out<float> y;
  In<float> x;
  int64_t count;
  int32_t operation;
  float p, q;
  OP("unaryForward", y, x, count, operation, p, q);
  bool Valid() const {
    return operation >= 0 && operation < kernels::UnaryCount() && Holds(y, count) &&
           Holds(x, count);
  }
};

// dx = dy * f'(x); `saved` is x or y, as the function asks.
struct UnaryBackward {
  Out<float> dx;
  In<float> dy, saved;
  int64_t count;
  int32_t operation;
  float p, q;
  OP("unaryBackward", dx, dy, saved, count, operation, p, q);
  bool Valid() const {
    return operation >= 0 && operation < kernels::UnaryCount() && Holds(dx, count) &&
           Holds(dy, count) && Holds(saved, count);
  }
};

}  // namespace vitrine::ops
