#pragma once

#include <cstdint>

namespace vitrine::kernels {

// A walk over rows and columns of several operands at once, the result first: how far apart, in
// elements, each one's rows and columns lie; 0 where it repeats.
template <int kOperands>
struct Plane {
  int64_t rows, columns;
  int64_t row_stride[kOperands], column_stride[kOperands];
};

}  // namespace vitrine::kernels
