#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = f(a, b), the operation of that number in kernels/binary-inl.h, with broadcasting: strides
// count elements of a and b along each axis of y's shape, 0 where repeated. y is contiguous and may
// be a or b where their strides are y's own.
struct BinaryForward {
  Out<float> y;
  In<float> a, b;
  Dims shape, strides_a, strides_b;
  int32_t operation;
  OP("binary", y, a, b, shape, strides_a, strides_b, operation);
  bool Valid() const;
};

// y = f(c, a, b) with broadcasting, likewise: a choice by the integers c, or the gradient of a
// binary operation, as kernels/binary.h numbers them.
struct Ternary {
  Out<float> y;
  In<float> c, a, b;
  Dims shape, strides_c, strides_a, strides_b;
  int32_t operation;
  OP("ternary", y, c, a, b, shape, strides_c, strides_a, strides_b, operation);
  bool Valid() const;
};

// y = a * x + b
struct Affine {
  Out<float> y;
  In<float> x;
  int64_t count;
  float a, b;
  OP("affine", y, x, count, a, b);
  bool Valid() const { return Holds(y, count) && Holds(x, count); }
};

// y = x, of either kind of floats each: what becomes bfloat16 is rounded to the nearest.
struct Convert {
  Out<Floats> y;
  In<Floats> x;
  int64_t count;
  OP("convert", y, x, count);
  bool Valid() const { return Holds(y, count) && Holds(x, count); }
};

// y[i] = value; any 4-byte dtype, given as the bits of the value.
struct Fill {
  Out<uint32_t> y;
  int64_t count;
  uint32_t bits;
  OP("fill", y, count, bits);
  bool Valid() const { return Holds(y, count); }
};

}  // namespace vitrine::ops
