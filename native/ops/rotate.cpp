#include "ops/rotate.h"

#include <algorithm>

#include "kernels/rotate.h"
#include "ops/ranges.h"

namespace vitrine::ops {

void Rotate::Run(Context& context) {
  if (Product(batch, tokens, heads, pairs) == 0) return;
  const int64_t width = heads * 2 * pairs, turned = rotated * 2 * pairs;
  const float turn = back ? -1.0f : 1.0f;
  ForRows(context, batch * tokens, width, [&](int64_t begin, int64_t n) {
    for (int64_t row = begin; row < begin + n; ++row) {
      const int64_t at = row * width, place = row % tokens - prefix;
      const int64_t count = place < 0 ? 0 : turned;
      if (count > 0) {
        const float* c = cos + place * pairs;
        const float* s = sin + place * pairs;
        if (interleaved) {
          kernels::RotateNeighbours(y + at, x + at, c, s, rotated, pairs, turn);
        } else {
          kernels::RotateHalves(y + at, x + at, c, s, rotated, pairs, turn);
        }
      }
      if (y.data != x.data) std::copy_n(x + at + count, width - count, y + at + count);
    }
  });
}

}  // namespace vitrine::ops
