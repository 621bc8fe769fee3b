#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = softmax(x) over the last axis; all operands (rows, width).
struct SoftmaxForward {
  Out<float> y;
  In<float> x;
  int64_t rows, width;
  OP("softmaxForward", y, x, rows, width);
  bool Valid() const { return Holds(y, Product(rows, width)) && Holds(x, Product(rows, width)); }
};

// dx = y * (dy - sum(dy * y))
struct SoftmaxBackward {
  Out<float> dx;
  In<float> dy, y;
  int64_t rows, width;
  OP("softmaxBackward", dx, dy, y, rows, width);
  bool Valid() const {
    return Holds(dx, Product(rows, width)) && Holds(dy, Product(rows, width)) &&
           Holds(y, Product(rows, width));
  }
};

}  // namespace vitrine::ops
