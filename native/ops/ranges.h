#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/context.h"
#include "runtime/tiles.h"

namespace vitrine::ops {

// Parts of a sum that are computed on their own and then combined in order: enough for 16 threads
// to share evenly.
constexpr int64_t kMaxPartials = 64;

// body(begin, end, worker) in parallel over [0, count), `step` at a time. The step must follow from
// shapes alone, so that every thread count gives the same bits.
template <class Body>
void ForRanges(Context& context, int64_t count, int64_t step, const Body& body) {
  context.ParallelFor(CeilDiv(count, step), [&](int64_t tile, int worker) {
    body(tile * step, std::min(count, (tile + 1) * step), worker);
  });
}

// ForRanges over single elements, in tiles of the usual size.
template <class Body>
void ForElements(Context& context, int64_t count, const Body& body) {
  ForRanges(context, count, EvenStep(count, kElementsPerTile),
            [&](int64_t begin, int64_t end, int) { body(begin, end - begin); });
}

// ForRanges over rows of `width` elements.
template <class Body>
void ForRows(Context& context, int64_t rows, int64_t width, const Body& body) {
  ForRanges(context, rows, EvenStep(rows, RowsPerTile(width)),
            [&](int64_t begin, int64_t end, int) { body(begin, end - begin); });
}

}  // namespace vitrine::ops
