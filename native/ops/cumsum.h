#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y (outer,size,inner) = the sum of x's elements up to and with this one along the middle axis, or
// from it on where `backwards` is set. Sums are kept in float64; of int32 elements (`integers`) in
// 32 bits, which wrap around.
struct Cumsum {
  Out<float> y;
  In<float> x;
  int64_t outer, size, inner;
  bool backwards, integers;
  OP("cumsum", y, x, outer, size, inner, backwards, integers);
  bool Valid() const {
    return Holds(y, Product(outer, size, inner)) && Holds(x, Product(outer, size, inner));
  }
};

}  // namespace vitrine::ops
