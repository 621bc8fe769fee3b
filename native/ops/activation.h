#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// The activations that stand alone or ride on a linear layer's epilogue. The numbers are
// lib/native.ts's.
enum class Activation : int32_t {
  kNone = 0,
  kGelu = 1,
  kGeluTanh = 2,
  kRelu = 3,
  kTanh = 4,
  kSilu = 5,
  kQuickGelu = 6,
};

// dx = dy * act'(x) over `count` elements, serially. `activation` is not kNone.
void RunActivationBackward(Activation activation, float* dx, const float* dy, const float* x,
                           int64_t count);

// y = act(x), element by element.
struct ActivationForward {
  Out<float> y;
  In<float> x;
  int64_t count;
  int32_t activation;
  OP("activationForward", y, x, count, activation);
  bool Valid() const { return Holds(y, count) && Holds(x, count); }
};

// dx = dy * act'(x)
struct ActivationBackward {
  Out<float> dx;
  In<float> dy, x;
  int64_t count;
  int32_t activation;
  OP("activationBackward", dx, dy, x, count, activation);
  bool Valid() const { return Holds(dx, count) && Holds(dy, count) && Holds(x, count); }
};

}  // namespace vitrine::ops
