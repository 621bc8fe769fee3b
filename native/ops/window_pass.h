#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention_heads.h"
#include "ops/window_attention.h"
#include "runtime/scratch_layout.h"

// A tile takes one head of some windows: the head's part of the table is spread to a bias for all
// pairs of tokens once, and serves them all. A window's rows of q, k and v are gathered into
// scratch, which stays in L1: 49 tokens of 32 take 6 KiB each, their scores 15.
namespace vitrine::ops {

// What Swin adds to the score of two tokens of different regions; e^-100 is 0 in float32.
inline constexpr float kApart = -100;
// Of a window that the roll has made of up to so many.
inline constexpr int kRegions = 4;
// torch.nn.functional.normalize's least length.
inline constexpr float kLeastNorm = 1e-12f;

// A window of one item of the batch.
struct WindowPlace {
  int64_t item, row, column;
};

// Which token of its item each token of a window is, and in which region of the rolled grid.
class Places {
 public:
  explicit Places(const WindowGrid& grid) : grid_(grid) {}

  WindowPlace At(int64_t i) const {
    const int64_t across = grid_.size[1] / grid_.window[1];
    const int64_t place = i % grid_.windows();
    return {i / grid_.windows(), place / across, place % across};
  }
  // The token at row and column of a window.
  int64_t Token(const WindowPlace& at, int64_t row, int64_t column) const {
    const int64_t y = Unrolled(0, at.row * grid_.window[0] + row);
    const int64_t x = Unrolled(1, at.column * grid_.window[1] + column);
    return (at.item * grid_.size[0] + y) * grid_.size[1] + x;
  }
  // Whether the roll has brought tokens from apart into this window.
  bool Mixes(const WindowPlace& at) const {
    return MixesAlong(0, at.row) || MixesAlong(1, at.column);
  }
  // Tokens of different regions do not see each other.
  int64_t Region(const WindowPlace& at, int64_t row, int64_t column) const {
    return (MixesAlong(0, at.row) && row >= grid_.window[0] - grid_.shift[0] ? 2 : 0) +
           (MixesAlong(1, at.column) && column >= grid_.window[1] - grid_.shift[1] ? 1 : 0);
  }

 private:
  int64_t Unrolled(int axis, int64_t i) const {
    if (i >= grid_.rolled[axis]) return i;
    const int64_t from = i + grid_.shift[axis];
    return from < grid_.rolled[axis] ? from : from - grid_.rolled[axis];
  }
  bool MixesAlong(int axis, int64_t window) const {
    return grid_.shift[axis] > 0 && window == grid_.size[axis] / grid_.window[axis] - 1;
  }

  const WindowGrid& grid_;
};

// What forward and backward share: the parts of a worker's scratch and how a window gets there.
template <class Op>
class WindowPass {
 public:
  explicit WindowPass(const Op& op) : op_(op), places_(op.grid) {}
  int64_t scratch() const { return layout_.size(); }

  // body(window) for part i of the windows of all items; the bias of `head` is made first.
  template <class Body>
  void ForWindows(int64_t head, int64_t part, int64_t parts, float* scratch,
                  const Body& body) const {
    SpreadBias(head, scratch + bias_);
    const Range range = Range::Part(op_.batch * op_.grid.windows(), parts, part);
    for (int64_t i = range.begin; i < range.end; ++i) body(places_.At(i));
  }

 protected:
  // Which entry of the table is of tokens i and j.
  int64_t Entry(int64_t i, int64_t j) const {
    const int64_t *window = op_.grid.window, columns = window[1];
    const int64_t down = i / columns - j / columns + window[0] - 1;
    return down * (2 * columns - 1) + i % columns - j % columns + columns - 1;
  }
  void SpreadBias(int64_t head, float* bias) const {
    for (int64_t i = 0; i < tokens_; ++i) {
      for (int64_t j = 0; j < tokens_; ++j) {
        bias[i * score_stride_ + j] = op_.table[Entry(i, j) * op_.heads + head];
      }
    }
  }

  // fn(token, t) for the tokens of a window, of which it is the t-th.
  template <class Fn>
  void ForTokens(const WindowPlace& at, const Fn& fn) const {
    ForPlaces(
        [&](int64_t row, int64_t column, int64_t t) { fn(places_.Token(at, row, column), t); });
  }
  template <class Fn>
  void ForPlaces(const Fn& fn) const {
    int64_t t = 0;
    for (int64_t row = 0; row < op_.grid.window[0]; ++row) {
      for (int64_t column = 0; column < op_.grid.window[1]; ++column) fn(row, column, t++);
    }
  }
  // to (T,D) = rows of x (tokens,stride), from `offset` on.
  void Gather(float* to, const float* x, int64_t stride, int64_t offset,
              const WindowPlace& at) const {
    const size_t bytes = op_.width * sizeof(float);
    ForTokens(at, [&](int64_t token, int64_t t) {
      std::memcpy(to + t * padded_width_, x + token * stride + offset, bytes);
    });
  }
  void ScatterRows(float* y, int64_t stride, int64_t offset, const float* from,
                   const WindowPlace& at) const {
    const size_t bytes = op_.width * sizeof(float);
    ForTokens(at, [&](int64_t token, int64_t t) {
      std::memcpy(y + token * stride + offset, from + t * padded_width_, bytes);
    });
  }

  int64_t dim() const { return op_.heads * op_.width; }
  // Where part 0, 1, 2 (q, k, v) of a head lies in a token's projection.
  int64_t InQkv(int64_t part, int64_t head) const { return part * dim() + head * op_.width; }

  // Makes the rows of x (T,D) of length `factor`; inverse (T) are 1 / what they were.
  void Normalize(float* x, float* inverse, float factor) const {
    kernels::AttentionRowDots(inverse, x, padded_width_, x, padded_width_, tokens_, op_.width);
    for (int64_t t = 0; t < tokens_; ++t) {
      inverse[t] = 1 / std::max(std::sqrt(inverse[t]), kLeastNorm);
    }
    kernels::AttentionScaleRows(x, padded_width_, inverse, tokens_, op_.width);
    if (factor == 1) return;
    for (int64_t i = 0; i < tokens_ * padded_width_; ++i) x[i] *= factor;
  }

  // q, k and v of a window, and with cosine the first two of length 1, q times its head's factor.
  void GatherQkv(int64_t head, const WindowPlace& at, float* scratch) const {
    float *q = scratch + q_, *k = scratch + k_;
    Gather(q, op_.qkv, 3 * dim(), InQkv(0, head), at);
    Gather(k, op_.qkv, 3 * dim(), InQkv(1, head), at);
    Gather(scratch + v_, op_.qkv, 3 * dim(), InQkv(2, head), at);
    if (!op_.cosine) return;
    Normalize(q, scratch + q_inverse_, op_.cosine[head]);
    Normalize(k, scratch + k_inverse_, 1);
  }
  float score_scale() const { return op_.cosine ? 1 : op_.scale; }

  // p (T,T) = exp(scores - maximum), of which inverse_sum (T) makes the softmax.
  void Scores(const WindowPlace& at, float* scratch) const {
    float* const p = scratch + p_;
    kernels::AttentionPackTransposed(scratch + packed_, score_stride_, scratch + k_, padded_width_,
                                     tokens_, op_.width, score_scale());
    kernels::AttentionMultiply({p, score_stride_, scratch + q_, padded_width_, scratch + packed_,
                                score_stride_, tokens_, tokens_, op_.width},
                               nullptr);
    kernels::AttentionAddBias(p, score_stride_, scratch + bias_, score_stride_, 1, tokens_,
                              tokens_);
    if (places_.Mixes(at)) AddMask(at, p, scratch + mask_);
    kernels::AttentionSoftmax(p, score_stride_, scratch + maximum_, scratch + inverse_sum_, tokens_,
                              tokens_, {nullptr, false, 0});
  }

  // Each region has a row of the mask; tokens of one side by side get it in one call.
  void AddMask(const WindowPlace& at, float* p, float* masks) const {
    float* const regions = masks + kRegions * score_stride_;
    ForPlaces([&](int64_t row, int64_t column, int64_t t) {
      regions[t] = static_cast<float>(places_.Region(at, row, column));
    });
    for (int region = 0; region < kRegions; ++region) {
      float* const mask = masks + region * score_stride_;
      for (int64_t j = 0; j < tokens_; ++j) mask[j] = regions[j] == region ? 0 : kApart;
    }
    for (int64_t t = 0; t < tokens_;) {
      int64_t end = t + 1;
      while (end < tokens_ && regions[end] == regions[t]) ++end;
      const float* const mask = masks + static_cast<int>(regions[t]) * score_stride_;
      kernels::AttentionAddBias(p + t * score_stride_, score_stride_, mask, 0, 1, end - t, tokens_);
      t = end;
    }
  }

  const Op& op_;
  const Places places_;
  const int64_t tokens_ = op_.grid.tokens();
  const int64_t padded_width_ = Padded(op_.width);
  const int64_t score_stride_ = ScoreStride(tokens_);
  const int64_t rows_ = tokens_ * padded_width_;    // (T,D)
  const int64_t scores_ = tokens_ * score_stride_;  // (T,T)
  ScratchLayout layout_;
  const int64_t bias_ = layout_.Take(scores_);
  const int64_t p_ = layout_.Take(scores_);
  const int64_t q_ = layout_.Take(rows_);
  const int64_t k_ = layout_.Take(rows_);
  const int64_t v_ = layout_.Take(rows_);
  const int64_t packed_ = layout_.Take(op_.width * score_stride_);     // (D,T)
  const int64_t mask_ = layout_.Take((kRegions + 1) * score_stride_);  // and the regions
  const int64_t maximum_ = layout_.Take(tokens_);
  const int64_t inverse_sum_ = layout_.Take(tokens_);
  const int64_t q_inverse_ = layout_.Take(tokens_);
  const int64_t k_inverse_ = layout_.Take(tokens_);
};

}  // namespace vitrine::ops
