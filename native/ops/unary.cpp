#include "ops/unary.h"

#include "ops/ranges.h"

namespace vitrine::ops {

void UnaryForward::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    kernels::UnaryForward(operation, y + begin, x + begin, n, p, q);
  });
}

void UnaryBackward::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    kernels::UnaryBackward(operation, dx + begin, dy + begin, saved + begin, n, p, q);
  });
}

}  // namespace vitrine::ops
