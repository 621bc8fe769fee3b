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

// dx = dy * act'(x) over `count` elements from `begin` on, serially; all are of one kind of floats.
// `activation` is not kNone.
void RunActivationBackward(Activation activation, const Out<Floats>& dx, const In<Floats>& dy,
                           const In<Floats>& x, int64_t begin, int64_t count);

// y = act(x), element by element; of one kind of floats.
struct ActivationForward {
  Out<Floats> y;
  In<Floats> x;
  int64_t count;
  int32_t activation;
  OP("activationForward", y, x, count, activation);
  bool Valid() const { return Holds(y, count) && Holds(x, count) && AreAlike(y, x); }
};

// dx = dy * act'(x); of one kind of floats.
struct ActivationBackward {
  Out<Floats> dx;
  In<Floats> dy, x;
  int64_t count;
  int32_t activation;
  OP("activationBackward", dx, dy, x, count, activation);
  bool Valid() const {
    return Holds(dx, count) && Holds(dy, count) && Holds(x, count) && AreAlike(dx, dy, x);
  }
};

}  // namespace vitrine::ops
