#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// How tokens on a grid fall into windows; all pairs are (height, width). The grid is rolled by
// `shift` to the upper left, only its first `rolled` rows and columns, and then cut into windows.
struct WindowGrid {
  int64_t size[2], rolled[2], window[2], shift[2];
  bool Valid() const;
  int64_t tokens() const { return window[0] * window[1]; }
  int64_t windows() const { return size[0] / window[0] * (size[1] / window[1]); }
  // Pairs of tokens that lie the same way apart share an entry of the table.
  int64_t entries() const { return (2 * window[0] - 1) * (2 * window[1] - 1); }
  FIELDS(size[0], size[1], rolled[0], rolled[1], window[0], window[1], shift[0], shift[1]);
};

// Attention among the tokens of each window, read off a fused projection where it lies: neither
// windows nor scores are ever stored. y = softmax(scale * q k^T + bias + mask) v, where the bias of
// two tokens is the table's entry of their distance, and the mask -100 for two that only the roll
// has brought together. With `cosine`, q and k are of length 1 and a head's scale is its entry.
struct WindowAttentionForward {
  Out<float> y;              // (N,H,W,heads*D)
  In<float> qkv;             // (N,H,W,3,heads,D)
  In<float> table;           // (entries,heads)
  OptionalIn<float> cosine;  // (heads)
  WindowGrid grid;
  int64_t batch, heads, width;
  float scale;
  OP("windowAttentionForward", y, qkv, table, cosine, grid, batch, heads, width, scale);
  bool Valid() const;
};

// Scores are computed again, a window at a time.
struct WindowAttentionBackward {
  Out<float> dqkv;
  // Of `parts` sums each, which together are the gradient: (parts,entries,heads), (parts,heads).
  Out<float> dtable;
  OptionalOut<float> dcosine;
  In<float> dy, y, qkv, table;
  OptionalIn<float> cosine;
  WindowGrid grid;
  int64_t batch, heads, width, parts;
  float scale;
  OP("windowAttentionBackward", dqkv, dtable, dcosine, dy, y, qkv, table, cosine, grid, batch,
     heads, width, parts, scale);
  bool Valid() const;
};

}  // namespace vitrine::ops
