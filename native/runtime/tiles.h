#pragma once

#include <algorithm>
#include <cstdint>

// How loops are cut into tiles: by shapes alone, never by the number of threads, so that the same
// bits come out on one thread and on sixteen.
namespace vitrine {

// Elements per tile of a loop that streams through memory: 64 KB of floats, some microseconds, so
// that a small op does not wake the pool and a large one shares out evenly.
constexpr int64_t kElementsPerTile = 16 * 1024;

// Multiply-adds, below which handing a tile to a thread costs more than a few percent of it.
constexpr int64_t kLeastWork = 512 * 1024;

// 0 for a negative a; any that fits may be given.
inline int64_t CeilDiv(int64_t a, int64_t b) { return a > 0 ? (a - 1) / b + 1 : 0; }

inline int64_t RoundUp(int64_t value, int64_t multiple) {
  return CeilDiv(value, multiple) * multiple;
}

// The first tile of a worker's share; that behind the last one is `tiles`. A worker more than there
// are tiles has none.
inline int64_t FirstOfShare(int64_t tiles, int64_t worker, int64_t workers) {
  return CeilDiv(tiles * worker, workers);
}

// Rows of `width` elements that make up a tile.
inline int64_t RowsPerTile(int64_t width) {
  return std::max<int64_t>(1, kElementsPerTile / std::max<int64_t>(1, width));
}

// The step of equal tiles, of at most `most`, and an even number of them, so that two threads end
// together.
inline int64_t EvenStep(int64_t count, int64_t most) {
  if (count <= most) return std::max<int64_t>(1, count);
  return CeilDiv(count, 2 * CeilDiv(count, 2 * most));
}

}  // namespace vitrine
