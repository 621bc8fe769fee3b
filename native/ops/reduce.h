#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y = scale * (the sum of x over the axes whose `kept` is 0), in an order that depends on the shape
// alone. y has the kept axes, in order; `accumulate` adds to it.
struct Sum {
  static constexpr const char* kName = "sum";
  Out<float> y;
  In<float> x;
  Dims shape, kept;
  float scale;
  bool accumulate;
  template <class F>
  void Fields(F& f) {
    f(y, x, shape, kept, scale, accumulate);
  }
  bool Valid() const;
  void Run(Context& context);

 private:
  Dims KeptSizes() const;
};

}  // namespace vitrine::ops
