#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// The activations that stand alone or ride on a linear layer's epilogue. The numbers are
// lib/native.ts's.
enum class Activation : int32_t { kNone = 0, kGelu = 1, kGeluTanh = 2, kRelu = 3, kTanh = 4 };

// dx = dy * act'(x) over `count` elements, serially. `activation` is not kNone.
void RunActivationBackward(Activation activation, float* dx, const float* dy, const float* x,
                           int64_t count);

// y = act(x), element by element.
struct ActivationForward {
  static constexpr const char* kName = "activationForward";
  Out<float> y;
  In<float> x;
  int64_t count;
  int32_t activation;
  template <class F>
  void Fields(F& f) {
    f(y, x, count, activation);
  }
  bool Valid() const { return Holds(y, count) && Holds(x, count); }
  void Run(Context& context);
};

// dx = dy * act'(x)
struct ActivationBackward {
  static constexpr const char* kName = "activationBackward";
  Out<float> dx;
  In<float> dy, x;
  int64_t count;
  int32_t activation;
  template <class F>
  void Fields(F& f) {
    f(dx, dy, x, count, activation);
  }
  bool Valid() const { return Holds(dx, count) && Holds(dy, count) && Holds(x, count); }
  void Run(Context& context);
};

}  // namespace vitrine::ops
