#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y (rows,kept) = the first `kept` of each row of x (rows,width) in ascending or descending order,
// and index (rows,kept) where they stood. Equal ones keep their order, -0 and 0 being equal; NaN is
// greater than all. `integers` says that the elements are int32.
struct Sort {
  Out<float> y;
  Out<int32_t> index;
  In<float> x;
  int64_t rows, width, kept;
  bool descending, integers;
  OP("sort", y, index, x, rows, width, kept, descending, integers);
  bool Valid() const;
};

}  // namespace vitrine::ops
