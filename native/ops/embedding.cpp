#include "ops/embedding.h"

#include <algorithm>
#include <string>

#include "kernels/elementwise.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

bool ValidIndex(Context& context, const int32_t* index, int64_t count, int64_t entries,
                uint32_t site) {
  for (int64_t i = 0; i < count; ++i) {
    if (index[i] >= 0 && index[i] < entries) continue;
    context.Fail("Expected indices from 0 to " + std::to_string(entries - 1) +
                     " for embedding but received " + std::to_string(index[i]) + " at index " +
                     std::to_string(i) + ". Check the indices, or give the table more entries.",
                 site);
    return false;
  }
  return true;
}

}  // namespace

void EmbeddingForward::Run(Context& context) {
  if (!ValidIndex(context, index, count, entries, site)) return;
  if (width == 0) return;
  ForRows(context, count, width, [&](int64_t row, int64_t n) {
    for (int64_t i = row; i < row + n; ++i)
      std::copy_n(table + index[i] * width, width, y + i * width);
  });
}

void EmbeddingBackward::Run(Context& context) {
  // The forward checked these; they may have been overwritten since.
  if (!ValidIndex(context, index, count, entries, 0)) return;
  if (width == 0) return;
  // By columns: each tile walks all rows in order, so that rows that share an entry do not race. 64
  // columns are four cache lines.
  const int64_t step =
      (count + entries) * width <= kElementsPerTile ? std::max<int64_t>(1, width) : 64;
  ForRanges(context, width, step, [&](int64_t begin, int64_t end, int) {
    if (!accumulate) {
      for (int64_t entry = 0; entry < entries; ++entry)
        std::fill_n(dtable + entry * width + begin, end - begin, 0.0f);
    }
    for (int64_t i = 0; i < count; ++i) {
      if (index[i] == padding) continue;
      float* row = dtable + index[i] * width + begin;
      kernels::Add(row, row, dy + i * width + begin, end - begin);
    }
  });
}

}  // namespace vitrine::ops
