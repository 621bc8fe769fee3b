#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y = softmax(x) over the last axis; all operands (rows, width).
struct SoftmaxForward {
  static constexpr const char* kName = "softmaxForward";
  Out<float> y;
  In<float> x;
  int64_t rows, width;
  template <class F>
  void Fields(F& f) {
    f(y, x, rows, width);
  }
  bool Valid() const { return Holds(y, Product(rows, width)) && Holds(x, Product(rows, width)); }
  void Run(Context& context);
};

// dx = y * (dy - sum(dy * y))
struct SoftmaxBackward {
  static constexpr const char* kName = "softmaxBackward";
  Out<float> dx;
  In<float> dy, y;
  int64_t rows, width;
  template <class F>
  void Fields(F& f) {
    f(dx, dy, y, rows, width);
  }
  bool Valid() const {
    return Holds(dx, Product(rows, width)) && Holds(dy, Product(rows, width)) &&
           Holds(y, Product(rows, width));
  }
  void Run(Context& context);
};

}  // namespace vitrine::ops
