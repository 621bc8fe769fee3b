#pragma once

#include "ops/op.h"
#include "ops/random.h"

namespace vitrine::ops {

// y = the numbers from 0 to count - 1 in a random order, each order being as likely.
struct RandomPermutation {
  Out<int32_t> y;
  Out<GeneratorState> state;
  int64_t count;
  OP("randomPermutation", y, state, count);
  bool Valid() const { return Holds(y, count) && Holds(state, 1) && count <= INT32_MAX; }
};

// y (rows, samples) = classes, each as likely as its weight in x (rows, classes) says; without
// replacement each at most once, in the order in which they were drawn. Weights below 0, or too few
// above it, fail the command, naming `site`.
struct Multinomial {
  Out<int32_t> y;
  Out<GeneratorState> state;
  In<float> x;
  int64_t rows, classes, samples;
  bool replacement;
  uint32_t site;
  OP("multinomial", y, state, x, rows, classes, samples, replacement, site);
  bool Valid() const {
    return Holds(y, Product(rows, samples)) && Holds(state, 1) &&
           Holds(x, Product(rows, classes)) && classes <= INT32_MAX &&
           (replacement || samples <= classes);
  }
};

}  // namespace vitrine::ops
