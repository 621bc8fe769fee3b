#include "ops/swiglu.h"

#include "kernels/swish.h"
#include "ops/ranges.h"

namespace vitrine::ops {

void SwigluForward::Run(Context& context) {
  if (Product(rows, width) == 0) return;
  ForRows(context, rows, 2 * width, [&](int64_t row, int64_t n) {
    kernels::SwigluForward(y + row * width, both + 2 * row * width, n, width);
  });
}

void SwigluBackward::Run(Context& context) {
  if (Product(rows, width) == 0) return;
  ForRows(context, rows, 2 * width, [&](int64_t row, int64_t n) {
    const int64_t at = 2 * row * width;
    kernels::SwigluBackward(dboth + at, dy + row * width, both + at, n, width);
  });
}

}  // namespace vitrine::ops
