#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y (rows,kept) = the first `kept` of each row of x (rows,width) in ascending or descending order,
// and index (rows,kept) where they stood. Equal ones keep their order, -0 and 0 being equal; NaN is
// greater than all. `integers` says that the elements are int32.
struct Sort {
  static constexpr const char* kName = "sort";
  Out<float> y;
  Out<int32_t> index;
  In<float> x;
  int64_t rows, width, kept;
  bool descending, integers;
  template <class F>
  void Fields(F& f) {
    f(y, index, x, rows, width, kept, descending, integers);
  }
  bool Valid() const;
  void Run(Context& context);
};

}  // namespace vitrine::ops
