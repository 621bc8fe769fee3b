#include "ops/partials.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "ops/ranges.h"

namespace vitrine::ops {

int64_t RowsPerPartial(int64_t rows, int64_t width) {
  return std::max(RowsPerTile(width), CeilDiv(rows, kMaxPartials));
}

int64_t ProductParts(int64_t rows, int64_t count) {
  // Adding a copy costs about as much as 16 rows of the product: 256 rows keep that to a few
  // percent.
  constexpr int64_t kLeastRows = 256;
  constexpr int64_t kMostElements = 8 * 1024 * 1024;
  const int64_t most = std::clamp<int64_t>(kMostElements / std::max<int64_t>(1, count), 2, 16);
  return std::min(most, std::max<int64_t>(1, rows / kLeastRows));
}

void CombinePartials(Context& context, float* out, const float* partials, int64_t parts,
                     int64_t count, bool accumulate) {
  // Tiles as wide as a fetch from memory likes, though the partials stack deep.
  constexpr int64_t kLeastWidth = 256;
  const int64_t step = std::max(kLeastWidth, kElementsPerTile / std::max<int64_t>(1, parts));
  ForRanges(context, count, step, [&](int64_t begin, int64_t end, int) {
    if (!accumulate) std::fill(out + begin, out + end, 0.0f);
    for (int64_t part = 0; part < parts; ++part) {
      kernels::Add(out + begin, out + begin, partials + part * count + begin, end - begin);
    }
  });
}

}  // namespace vitrine::ops
