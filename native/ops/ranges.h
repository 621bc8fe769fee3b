#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/context.h"

namespace vitrine::ops {

// Elements per tile of a loop that streams through memory: 64 KB of floats, some microseconds, so
// that a small op does not wake the pool and a large one shares out evenly.
constexpr int64_t kElementsPerTile = 16 * 1024;

// Parts of a sum that are computed on their own and then combined in order: enough for 16 threads
// to share evenly.
constexpr int64_t kMaxPartials = 64;

// 0 for a negative a; any that fits may be given.
inline int64_t CeilDiv(int64_t a, int64_t b) { return a > 0 ? (a - 1) / b + 1 : 0; }

// Rows of `width` elements that make up a tile.
inline int64_t RowsPerTile(int64_t width) {
  return std::max<int64_t>(1, kElementsPerTile / std::max<int64_t>(1, width));
}

// body(begin, end, worker) in parallel over [0, count), `step` at a time. The step must follow from
// shapes alone, so that every thread count gives the same bits.
template <class Body>
void ForRanges(Context& context, int64_t count, int64_t step, const Body& body) {
  context.ParallelFor(CeilDiv(count, step), [&](int64_t tile, int worker) {
    body(tile * step, std::min(count, (tile + 1) * step), worker);
  });
}

// The step of equal tiles, of at most `most`, and an even number of them, so that two threads end
// together.
inline int64_t EvenStep(int64_t count, int64_t most) {
  if (count <= most) return std::max<int64_t>(1, count);
  return CeilDiv(count, 2 * CeilDiv(count, 2 * most));
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
