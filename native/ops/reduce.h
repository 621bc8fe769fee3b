#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = scale * (the sum of x over the axes whose `kept` is 0), in an order that depends on the shape
// alone. y has the kept axes, in order; `accumulate` adds to it.
struct Sum {
  Out<float> y;
  In<float> x;
  Dims shape, kept;
  float scale;
  bool accumulate;
  OP("sum", y, x, shape, kept, scale, accumulate);
  bool Valid() const;

 private:
  Dims KeptSizes() const;
};

}  // namespace vitrine::ops
