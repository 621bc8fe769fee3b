#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y = f(a, b), the operation of that number in kernels/binary-inl.h, with broadcasting: strides
// count elements of a and b along each axis of y's shape, 0 where repeated. y is contiguous and may
// be a or b where their strides are y's own.
struct BinaryForward {
  static constexpr const char* kName = "binary";
  Out<float> y;
  In<float> a, b;
  Dims shape, strides_a, strides_b;
  int32_t operation;
  template <class F>
  void Fields(F& f) {
    f(y, a, b, shape, strides_a, strides_b, operation);
  }
  bool Valid() const;
  void Run(Context& context);
};

// y = f(c, a, b) with broadcasting, likewise: a choice by the integers c, or the gradient of a
// binary operation, as kernels/binary.h numbers them.
struct Ternary {
  static constexpr const char* kName = "ternary";
  Out<float> y;
  In<float> c, a, b;
  Dims shape, strides_c, strides_a, strides_b;
  int32_t operation;
  template <class F>
  void Fields(F& f) {
    f(y, c, a, b, shape, strides_c, strides_a, strides_b, operation);
  }
  bool Valid() const;
  void Run(Context& context);
};

// y = a * x + b
struct Affine {
  static constexpr const char* kName = "affine";
  Out<float> y;
  In<float> x;
  int64_t count;
  float a, b;
  template <class F>
  void Fields(F& f) {
    f(y, x, count, a, b);
  }
  bool Valid() const { return Holds(y, count) && Holds(x, count); }
  void Run(Context& context);
};

// y[i] = value; any 4-byte dtype, given as the bits of the value.
struct Fill {
  static constexpr const char* kName = "fill";
  Out<uint32_t> y;
  int64_t count;
  uint32_t bits;
  template <class F>
  void Fields(F& f) {
    f(y, count, bits);
  }
  bool Valid() const { return Holds(y, count); }
  void Run(Context& context);
};

}  // namespace vitrine::ops
