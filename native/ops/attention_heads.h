#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/ranges.h"

// How attention is cut into tiles and blocks, in both precisions.
namespace vitrine::ops {

inline int64_t Padded(int64_t count) {
  return CeilDiv(count, kernels::kAttentionPad) * kernels::kAttentionPad;
}

// The row stride of scores and transposed operands: an odd number of cache lines, so that a column
// does not fall into few sets of the cache.
inline int64_t ScoreStride(int64_t keys) {
  return (CeilDiv(keys, kernels::kAttentionPad) | 1) * kernels::kAttentionPad;
}

// Part i of `parts` nearly equal parts of [0, count).
struct Range {
  int64_t begin, end;
  Range(int64_t count, int64_t parts, int64_t i)
      : begin(count * i / parts), end(count * (i + 1) / parts) {}
  int64_t size() const { return end - begin; }
};

// Queries whose scores are in the works together: their rows stay in L2. Measured flat from 48 to
// 204 rows, and from 512 KiB to 1 MiB on 3137 keys; the least leaves room in the L2 of smaller
// CPUs.
inline int64_t BlockRows(int64_t score_stride) {
  constexpr int64_t kScores = 128 * 1024;  // floats
  constexpr int64_t kMostRows = 96;
  return std::clamp<int64_t>(kScores / score_stride / 12 * 12, 24, kMostRows);
}

// Multiply-adds of a tile, below which handing it to a thread costs too much of it; and those that
// a head's packing and softmax cost, however short it is.
constexpr int64_t kLeastWork = 256 * 1024;
constexpr int64_t kLeastHead = 24 * 1024;

// The same for the kernels of short heads.
constexpr int64_t kLeastShortHead = 8 * 1024;

inline int64_t HeadsPerTile(int64_t queries, int64_t keys, int64_t width,
                            int64_t least = kLeastHead) {
  const int64_t work = std::max(least, queries * keys * (width + kernels::kAttentionPad));
  return CeilDiv(kLeastWork, work);
}

// Into how many parts a head's queries are cut where heads are few: each part packs all keys and
// values, about 4 % of the work on 197 queries and 12 % on 64.
inline int64_t QueryParts(int64_t items, int64_t groups, int64_t queries) {
  constexpr int64_t kTiles = 32;
  constexpr int64_t kLeastQueries = 64;
  if (groups < items || items == 0) return 1;
  const int64_t parts = std::clamp<int64_t>(queries / kLeastQueries, 1, CeilDiv(kTiles, items));
  // An odd number of tiles, if there are few, leaves one of two threads idle at the end.
  return parts > 1 && items * parts % 2 == 1 ? parts + 1 : parts;
}

// Hands out parts of a worker's scratch, as offsets.
class ScratchLayout {
 public:
  int64_t Take(int64_t count) {
    const int64_t offset = size_;
    size_ += Padded(count);
    return offset;
  }
  int64_t size() const { return size_; }

 private:
  int64_t size_ = 0;
};

inline int64_t HeadOffset(const HeadLayout& layout, int64_t b, int64_t h) {
  return layout.at[0] + b * layout.at[1] + h * layout.at[2];
}

inline void FillPadding(float* padding, const int32_t* key_padding, int64_t keys) {
  for (int64_t j = 0; j < keys; ++j) {
    padding[j] = key_padding[j] != 0 ? -std::numeric_limits<float>::infinity() : 0;
  }
  std::fill(padding + keys, padding + Padded(keys), 0.0f);
}

}  // namespace vitrine::ops
