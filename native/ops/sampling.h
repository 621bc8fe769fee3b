#pragma once

#include <cstdint>

#include "ops/random.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y = the numbers from 0 to count - 1 in a random order, each order being as likely.
struct RandomPermutation {
  static constexpr const char* kName = "randomPermutation";
  Out<int32_t> y;
  Out<GeneratorState> state;
  int64_t count;
  template <class F>
  void Fields(F& f) {
    f(y, state, count);
  }
  bool Valid() const { return Holds(y, count) && Holds(state, 1) && count <= INT32_MAX; }
  void Run(Context& context);
};

// y (rows, samples) = classes, each as likely as its weight in x (rows, classes) says; without
// replacement each at most once, in the order in which they were drawn. Weights below 0, or too few
// above it, fail the command, naming `site`.
struct Multinomial {
  static constexpr const char* kName = "multinomial";
  Out<int32_t> y;
  Out<GeneratorState> state;
  In<float> x;
  int64_t rows, classes, samples;
  bool replacement;
  uint32_t site;
  template <class F>
  void Fields(F& f) {
    f(y, state, x, rows, classes, samples, replacement, site);
  }
  bool Valid() const {
    return Holds(y, Product(rows, samples)) && Holds(state, 1) &&
           Holds(x, Product(rows, classes)) && classes <= INT32_MAX &&
           (replacement || samples <= classes);
  }
  void Run(Context& context);
};

}  // namespace vitrine::ops
