#include "ops/elementwise.h"

#include <algorithm>

#include "kernels/bfloat16.h"
#include "kernels/binary.h"
#include "kernels/elementwise.h"
#include "ops/planes.h"

namespace vitrine::ops {

bool BinaryForward::Valid() const {
  if (operation < 0 || operation >= kernels::BinaryCount()) return false;
  if (Extent(shape, strides_a, 0) < 0) return false;
  return Holds(y, shape.Count()) && Holds(a, Extent(shape, strides_a, 0)) &&
         Holds(b, Extent(shape, strides_b, 0));
}

void BinaryForward::Run(Context& context) {
  ForPlanes<3>(context, shape, {&strides_a, &strides_b},
               [&](const int64_t(&at)[3], const kernels::Plane<3>& plane) {
                 kernels::Binary(operation, y + at[0], a + at[1], b + at[2], plane);
               });
}

bool Ternary::Valid() const {
  if (operation < 0 || operation >= 1 + 2 * kernels::BinaryCount()) return false;
  if (Extent(shape, strides_c, 0) < 0) return false;
  return Holds(y, shape.Count()) && Holds(c, Extent(shape, strides_c, 0)) &&
         Holds(a, Extent(shape, strides_a, 0)) && Holds(b, Extent(shape, strides_b, 0));
}

void Ternary::Run(Context& context) {
  ForPlanes<4>(context, shape, {&strides_c, &strides_a, &strides_b},
               [&](const int64_t(&at)[4], const kernels::Plane<4>& plane) {
                 kernels::Ternary(operation, y + at[0], c + at[1], a + at[2], b + at[3], plane);
               });
}

void Affine::Run(Context& context) {
  ForElements(context, count,
              [&](int64_t begin, int64_t n) { kernels::Affine(y + begin, x + begin, a, b, n); });
}

void Convert::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    if (y.bf16 && x.bf16) {
      std::copy_n(x.halves() + begin, n, y.halves() + begin);
    } else if (y.bf16) {
      kernels::NarrowBf16(y.halves() + begin, x.floats() + begin, n);
    } else if (x.bf16) {
      kernels::WidenBf16(y.floats() + begin, x.halves() + begin, n);
    } else {
      std::copy_n(x.floats() + begin, n, y.floats() + begin);
    }
  });
}

void Fill::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) { std::fill_n(y + begin, n, bits); });
}

}  // namespace vitrine::ops
