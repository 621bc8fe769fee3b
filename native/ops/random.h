#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// A counter-based generator's state, in a storage of its own, so that a replayed step draws on:
// seed, then the number of elements drawn so far. Commands advance it in stream order.
struct GeneratorState {
  uint64_t seed;
  uint64_t drawn;
};

// The numbers are lib/native.ts's.
enum class Distribution : int32_t { kUniform = 0, kNormal = 1, kInteger = 2, kTruncatedNormal = 3 };

// y = draws: uniform in [low, high), normal with mean low and standard deviation high (truncated:
// within two of the deviations), or int32 in [low, high).
struct RandomFill {
  Out<float> y;
  Out<GeneratorState> state;
  int64_t count;
  int32_t distribution;
  double low, high;
  OP("randomFill", y, state, count, distribution, low, high);
  bool Valid() const { return Holds(y, count) && Holds(state, 1); }
};

// y = x where kept, scaled by 1 / (1 - p), else 0. x is (groups, size) and each group is kept or
// dropped as one: size 1 is dropout, a sample's size is drop path. `drawn` notes the generator's
// state for backward.
struct DropoutForward {
  Out<float> y;
  Out<GeneratorState> drawn;
  Out<GeneratorState> state;
  In<float> x;
  int64_t groups, size;
  float p;
  OP("dropoutForward", y, drawn, state, x, groups, size, p);
  bool Valid() const {
    return Holds(y, Product(groups, size)) && Holds(drawn, 1) && Holds(state, 1) &&
           Holds(x, Product(groups, size));
  }
};

struct DropoutBackward {
  Out<float> dx;
  In<GeneratorState> drawn;
  In<float> dy;
  int64_t groups, size;
  float p;
  OP("dropoutBackward", dx, drawn, dy, groups, size, p);
  bool Valid() const {
    return Holds(dx, Product(groups, size)) && Holds(drawn, 1) && Holds(dy, Product(groups, size));
  }
};

}  // namespace vitrine::ops
