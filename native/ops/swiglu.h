#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = silu(gate) * x, where a row of `both` has `width` gates and then as many of x.
struct SwigluForward {
  Out<float> y;    // (rows, width)
  In<float> both;  // (rows, 2 * width)
  int64_t rows, width;
  OP("swigluForward", y, both, rows, width);
  bool Valid() const {
    return Holds(y, Product(rows, width)) && Holds(both, Product(rows, 2, width));
  }
};

struct SwigluBackward {
  Out<float> dboth;  // (rows, 2 * width)
  In<float> dy;      // (rows, width)
  In<float> both;    // (rows, 2 * width)
  int64_t rows, width;
  OP("swigluBackward", dboth, dy, both, rows, width);
  bool Valid() const {
    return Holds(dboth, Product(rows, 2, width)) && Holds(dy, Product(rows, width)) &&
           Holds(both, Product(rows, 2, width));
  }
};

}  // namespace vitrine::ops
