#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/attention_heads.h"

// How attention is cut into tiles, in both precisions.
namespace vitrine::ops {

// What a head's packing and softmax cost, however short it is, in multiply-adds; and what each
// element of its keys does, if one query asks for them: 8 us for 197 x 64 in forward, 17 in
// backward.
constexpr int64_t kLeastHead = 24 * 1024;
constexpr int64_t kPackedKey = 32;

inline int64_t HeadsPerTile(int64_t queries, int64_t keys, int64_t width) {
  const int64_t products = queries * keys * (width + kernels::kAttentionPad);
  const int64_t work = std::max(kLeastHead, products + kPackedKey * keys * width);
  return CeilDiv(kLeastWork / 2, work);  // its softmax takes as long as its products
}

// The same for the kernels of short heads, which pack nothing.
inline int64_t ShortHeadsPerTile(int64_t queries, int64_t keys, int64_t width) {
  constexpr int64_t kLeast = 8 * 1024;
  return CeilDiv(kLeastWork / 2,
                 std::max(kLeast, queries * keys * (width + kernels::kAttentionPad)));
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

// The same in forward, where a worker packs a head's keys and values once for all its tiles: more
// parts are no more work for few threads. Of whole blocks of the products, which have 8 rows,
// or 12.
inline constexpr int64_t kForwardRows = 24;
inline int64_t ForwardParts(int64_t items, int64_t groups, int64_t queries) {
  constexpr int64_t kTiles = 64;
  if (groups < items || items == 0) return 1;
  return std::clamp<int64_t>(queries / kForwardRows, 1, CeilDiv(kTiles, items));
}

// Which heads, and which of their queries, a tile of forward takes: some heads, or some of the
// queries of one head. Of one image, the first half of the tiles has the first half of the queries,
// which the products before and after have in theirs, too.
class ForwardTiles {
 public:
  explicit ForwardTiles(const AttentionForward& op)
      : op_(op),
        items_(op.batch * op.heads),
        groups_(CeilDiv(items_, HeadsPerTile(op.queries, op.keys, op.width))),
        parts_(EvenParts(op, ForwardParts(items_, groups_, op.queries))),
        in_half_(op.batch == 1 && parts_ > 1 ? parts_ / 2 : parts_) {}
  int64_t count() const { return groups_ * parts_; }

  // body(head, queries, null) for each head of a tile.
  template <class Body>
  void ForHeads(int64_t tile, const Body& body) const {
    const int64_t half = tile / (groups_ * in_half_), in_half = tile % (groups_ * in_half_);
    const Range group = Range::Part(items_, groups_, in_half / in_half_);
    const int64_t part = half * in_half_ + in_half % in_half_;
    const Range queries{FirstQuery(part), FirstQuery(part + 1)};
    for (int64_t i = group.begin; i < group.end; ++i) {
      body(Head{i / op_.heads, i % op_.heads}, queries, nullptr);
    }
  }

 private:
  static int64_t EvenParts(const AttentionForward& op, int64_t parts) {
    return op.batch == 1 && parts > 1 ? RoundUp(parts, 2) : parts;
  }
  int64_t FirstQuery(int64_t part) const {
    return part == parts_ ? op_.queries : op_.queries * part / parts_ / kForwardRows * kForwardRows;
  }

  const AttentionForward& op_;
  const int64_t items_, groups_, parts_;
  const int64_t in_half_;  // parts
};

// Which heads a tile of backward takes, one after another: neighbours; or some of the queries of
// one head; or where the bias wants a gradient, one of `parts` equal shares of the heads that have
// a piece of the bias in common.
class BackwardTiles {
 public:
  explicit BackwardTiles(const AttentionBackward& op)
      : op_(op),
        per_batch_(op.layout_bias.at[0] != 0),
        per_head_(op.layout_bias.at[1] != 0),
        items_(op.batch * op.heads) {
    if (op.dbias == nullptr) {
      groups_ = CeilDiv(items_, HeadsPerTile(op.queries, op.keys, op.width));
      query_parts_ = QueryParts(items_, groups_, op.queries);
      return;
    }
    const int64_t pieces = (per_batch_ ? op.batch : 1) * (per_head_ ? op.heads : 1);
    sharing_ = items_ / std::max<int64_t>(1, pieces);
    groups_ = items_ == 0 ? 0 : pieces * op.parts;
  }
  int64_t count() const { return groups_ * query_parts_; }
  int64_t query_parts() const { return query_parts_; }

  // body(head, queries, the gradient of this head's piece of the bias or null) for each head of a
  // tile.
  template <class Body>
  void ForHeads(int64_t tile, const Body& body) const {
    const int64_t part = tile % query_parts_;
    const Range queries = Range::Part(op_.queries, query_parts_, part);
    if (op_.dbias == nullptr) {
      const Range range = Range::Part(items_, groups_, tile / query_parts_);
      for (int64_t i = range.begin; i < range.end; ++i) {
        body(Head{i / op_.heads, i % op_.heads, part}, queries, nullptr);
      }
      return;
    }
    const int64_t piece = tile / op_.parts;
    const Range range = Range::Part(sharing_, op_.parts, tile % op_.parts);
    const auto b = [&](int64_t i) {
      if (per_batch_) return per_head_ ? piece / op_.heads : piece;
      return per_head_ ? i : i / op_.heads;
    };
    const auto h = [&](int64_t i) { return (per_head_ ? piece : i) % op_.heads; };
    float* dbias = op_.dbias + tile % op_.parts * BiasCount(op_) +
                   BiasOffset(op_.layout_bias, b(range.begin), h(range.begin));
    std::fill_n(dbias, BiasPiece(op_), 0.0f);
    for (int64_t i = range.begin; i < range.end; ++i) body(Head{b(i), h(i)}, queries, dbias);
  }

 private:
  const AttentionBackward& op_;
  const bool per_batch_, per_head_;
  const int64_t items_;
  int64_t sharing_ = 1;
  int64_t groups_ = 0, query_parts_ = 1;
};

}  // namespace vitrine::ops
