#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y[offset_y + i . strides_y] = x[offset_x + i . strides_x] for every index i of `shape`: the one
// op behind transpose, slice, cat, flip and tile, and with `accumulate` (+=) their gradients.
// Strides count elements; an x stride of 0 repeats, and a negative one runs backwards. Without
// accumulate any 4-byte dtype will do.
struct StridedCopy {
  Out<float> y;
  In<float> x;
  Dims shape, strides_y, strides_x;
  int64_t offset_y, offset_x;
  bool accumulate;
  OP("stridedCopy", y, x, shape, strides_y, strides_x, offset_y, offset_x, accumulate);
  bool Valid() const;
};

}  // namespace vitrine::ops
