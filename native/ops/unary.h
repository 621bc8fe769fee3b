#pragma once

#include <cstdint>

#include "kernels/unary.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y = f(x), element by element: the function numbered `operation`, whose own numbers are p and q.
struct UnaryForward {
  static constexpr const char* kName = "unaryForward";
  Out<float> y;
  In<float> x;
  int64_t count;
  int32_t operation;
  float p, q;
  template <class F>
  void Fields(F& f) {
    f(y, x, count, operation, p, q);
  }
  bool Valid() const {
    return operation >= 0 && operation < kernels::UnaryCount() && Holds(y, count) &&
           Holds(x, count);
  }
  void Run(Context& context);
};

// dx = dy * f'(x); `saved` is x or y, as the function asks.
struct UnaryBackward {
  static constexpr const char* kName = "unaryBackward";
  Out<float> dx;
  In<float> dy, saved;
  int64_t count;
  int32_t operation;
  float p, q;
  template <class F>
  void Fields(F& f) {
    f(dx, dy, saved, count, operation, p, q);
  }
  bool Valid() const {
    return operation >= 0 && operation < kernels::UnaryCount() && Holds(dx, count) &&
           Holds(dy, count) && Holds(saved, count);
  }
  void Run(Context& context);
};

}  // namespace vitrine::ops
