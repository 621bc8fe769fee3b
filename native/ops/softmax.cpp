#include "ops/softmax.h"

#include "kernels/softmax.h"
#include "ops/ranges.h"

namespace vitrine::ops {

void SoftmaxForward::Run(Context& context) {
  if (width == 0) return;
  ForRows(context, rows, width, [&](int64_t row, int64_t n) {
    kernels::SoftmaxForward(y + row * width, x + row * width, n, width);
  });
}

void SoftmaxBackward::Run(Context& context) {
  if (width == 0) return;
  ForRows(context, rows, width, [&](int64_t row, int64_t n) {
    kernels::SoftmaxBackward(dx + row * width, dy + row * width, y + row * width, n, width);
  });
}

}  // namespace vitrine::ops
