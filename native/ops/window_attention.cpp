#include "ops/window_attention.h"

#include <algorithm>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention_heads.h"
#include "ops/attention_tiles.h"
#include "ops/window_pass.h"

namespace vitrine::ops {
namespace {

class Forward : public WindowPass<WindowAttentionForward> {
 public:
  using WindowPass::WindowPass;

  void Run(int64_t head, const WindowPlace& at, float* scratch) const {
    float* const y = scratch + y_;
    GatherQkv(head, at, scratch);
    Scores(at, scratch);
    kernels::AttentionMultiply({y, padded_width_, scratch + p_, score_stride_, scratch + v_,
                                padded_width_, tokens_, op_.width, tokens_},
                               scratch + inverse_sum_);
    ScatterRows(op_.y, dim(), head * op_.width, y, at);
  }

 private:
  const int64_t y_ = layout_.Take(rows_);
};

class Backward : public WindowPass<WindowAttentionBackward> {
 public:
  using WindowPass::WindowPass;

  void Begin(float* scratch) const {
    std::fill_n(scratch + dbias_, scores_, 0.0f);
    scratch[dcosine_] = 0;
  }

  void Run(int64_t head, const WindowPlace& at, float* scratch) const {
    float *p = scratch + p_, *ds = scratch + ds_, *dy = scratch + dy_;
    GatherQkv(head, at, scratch);
    Scores(at, scratch);
    kernels::AttentionScaleRows(p, score_stride_, scratch + inverse_sum_, tokens_, tokens_);
    ScoreGradient(head, at, scratch);
    // dq = ds k, dk = ds^T q, dv = p^T dy
    Product(scratch + dq_, ds, scratch + k_);
    TransposedProduct(scratch + dk_, ds, scratch + q_);
    TransposedProduct(scratch + dv_, p, dy);
    if (op_.cosine) LengthGradient(head, scratch);
    ScatterRows(op_.dqkv, 3 * dim(), InQkv(0, head), scratch + dq_, at);
    ScatterRows(op_.dqkv, 3 * dim(), InQkv(1, head), scratch + dk_, at);
    ScatterRows(op_.dqkv, 3 * dim(), InQkv(2, head), scratch + dv_, at);
  }

  // What a tile has summed, as its part of the gradients.
  void End(int64_t head, int64_t part, const float* scratch) const {
    float* const dtable = op_.dtable + part * op_.grid.entries() * op_.heads + head;
    for (int64_t entry = 0; entry < op_.grid.entries(); ++entry) dtable[entry * op_.heads] = 0;
    for (int64_t i = 0; i < tokens_; ++i) {
      for (int64_t j = 0; j < tokens_; ++j) {
        dtable[Entry(i, j) * op_.heads] += scratch[dbias_ + i * score_stride_ + j];
      }
    }
    if (op_.cosine) op_.dcosine[part * op_.heads + head] = scratch[dcosine_];
  }

 private:
  // ds (T,T), the gradient of the scores before their scale; added to that of the bias.
  void ScoreGradient(int64_t head, const WindowPlace& at, float* scratch) const {
    float *dy = scratch + dy_, *delta = scratch + delta_, *ds = scratch + ds_;
    Gather(dy, op_.dy, dim(), head * op_.width, at);
    Gather(scratch + y_, op_.y, dim(), head * op_.width, at);
    kernels::AttentionRowDots(delta, dy, padded_width_, scratch + y_, padded_width_, tokens_,
                              op_.width);
    kernels::AttentionPackTransposed(scratch + packed_, score_stride_, scratch + v_, padded_width_,
                                     tokens_, op_.width, 1);
    kernels::AttentionScoreGradient({ds, score_stride_, dy, padded_width_, scratch + packed_,
                                     score_stride_, tokens_, tokens_, op_.width},
                                    scratch + p_, delta, 1);
    kernels::AttentionBiasGradient(scratch + dbias_, score_stride_, 1, ds, score_stride_,
                                   score_scale(), tokens_, tokens_);
  }

  // c (T,D) = a b
  void Product(float* c, const float* a, const float* b) const {
    kernels::AttentionMultiply(
        {c, padded_width_, a, score_stride_, b, padded_width_, tokens_, op_.width, tokens_},
        nullptr);
  }
  // c (T,D) = a^T b
  void TransposedProduct(float* c, const float* a, const float* b) const {
    std::fill_n(c, rows_, 0.0f);
    kernels::AttentionAddTransposed(
        {c, padded_width_, a, score_stride_, b, padded_width_, tokens_, op_.width, tokens_});
  }

  // Through the lengths that were made 1: of rows x / |x|, what lies along them does not count.
  // dcosine += the sum of (q / |q|) dq.
  void LengthGradient(int64_t head, float* scratch) const {
    const float factor = op_.cosine[head];
    float* const dots = scratch + delta_;
    Dots(dots, scratch + dq_, scratch + q_);  // q is `factor` long
    for (int64_t t = 0; t < tokens_; ++t) scratch[dcosine_] += factor == 0 ? 0 : dots[t] / factor;
    AcrossOnly(scratch + dq_, scratch + q_, dots, scratch + q_inverse_, factor);
    Dots(dots, scratch + dk_, scratch + k_);
    AcrossOnly(scratch + dk_, scratch + k_, dots, scratch + k_inverse_, 1);
  }
  void Dots(float* dots, const float* a, const float* b) const {
    kernels::AttentionRowDots(dots, a, padded_width_, b, padded_width_, tokens_, op_.width);
  }
  // For x of length `factor`: dx = (factor dx - x dots / factor) inverse.
  void AcrossOnly(float* dx, const float* x, const float* dots, const float* inverse,
                  float factor) const {
    for (int64_t t = 0; t < tokens_; ++t) {
      // A row shorter than the least was divided by that.
      const bool free = inverse[t] >= 1 / kLeastNorm;
      const float along = free || factor == 0 ? 0 : dots[t] / factor * inverse[t];
      const float across = factor * inverse[t];
      float* const to = dx + t * padded_width_;
      const float* const row = x + t * padded_width_;
      for (int64_t d = 0; d < op_.width; ++d) to[d] = across * to[d] - along * row[d];
    }
  }

  const int64_t ds_ = layout_.Take(scores_);
  const int64_t dbias_ = layout_.Take(scores_);
  const int64_t y_ = layout_.Take(rows_);
  const int64_t dy_ = layout_.Take(rows_);
  const int64_t dq_ = layout_.Take(rows_);
  const int64_t dk_ = layout_.Take(rows_);
  const int64_t dv_ = layout_.Take(rows_);
  const int64_t delta_ = layout_.Take(tokens_);
  const int64_t dcosine_ = layout_.Take(1);
};

// Windows of one head that a tile of forward takes.
template <class Op>
int64_t ForwardParts(const Op& op) {
  const int64_t tokens = op.grid.tokens();
  const int64_t windows = op.batch * op.grid.windows();
  return CeilDiv(windows, HeadsPerTile(tokens, tokens, op.width));
}

template <class Op>
bool HoldsInputs(const Op& op) {
  constexpr int64_t kMostWidth = 1 << 16;  // whose windows' sizes fit where there is no item either
  const int64_t tokens = Product(op.batch, op.grid.size[0], op.grid.size[1]);
  return op.grid.Valid() && Holds(op.qkv, Product(tokens, 3, op.heads, op.width)) &&
         Holds(op.table, Product(op.grid.entries(), op.heads)) &&
         HoldsOrAbsent(op.cosine, op.heads) && Holds(op.y, Product(tokens, op.heads, op.width)) &&
         op.heads > 0 && op.width > 0 && op.width <= kMostWidth;
}

}  // namespace

bool WindowGrid::Valid() const {
  for (int axis = 0; axis < 2; ++axis) {
    constexpr int64_t kMostWindow = 1024, kMostSize = 1 << 20;  // whose products fit
    if (window[axis] < 1 || window[axis] > kMostWindow || size[axis] < 1 ||
        size[axis] > kMostSize || size[axis] % window[axis] != 0 || rolled[axis] < 1 ||
        rolled[axis] > size[axis] || shift[axis] < 0 || shift[axis] >= window[axis] ||
        shift[axis] > rolled[axis]) {
      return false;
    }
  }
  constexpr int64_t kMostTokens = 4096;  // whose scores fit in a worker's scratch
  return tokens() <= kMostTokens;
}

bool WindowAttentionForward::Valid() const { return HoldsInputs(*this); }

void WindowAttentionForward::Run(Context& context) {
  const Forward pass(*this);
  const int64_t parts = ForwardParts(*this);
  context.ReserveScratch(pass.scratch());
  context.ParallelFor(parts * heads, [&](int64_t tile, int worker) {
    float* const scratch = context.Scratch(worker);
    const int64_t head = tile % heads;
    pass.ForWindows(head, tile / heads, parts, scratch,
                    [&](const WindowPlace& at) { pass.Run(head, at, scratch); });
  });
}

bool WindowAttentionBackward::Valid() const {
  const int64_t tokens = Product(batch, grid.size[0], grid.size[1]);
  return HoldsInputs(*this) && parts > 0 && Holds(dqkv, Product(tokens, 3, heads, width)) &&
         Holds(dy, Product(tokens, heads, width)) &&
         Holds(dtable, Product(parts, grid.entries(), heads)) &&
         (!cosine || Holds(dcosine, Product(parts, heads)));
}

void WindowAttentionBackward::Run(Context& context) {
  const Backward pass(*this);
  context.ReserveScratch(pass.scratch());
  context.ParallelFor(parts * heads, [&](int64_t tile, int worker) {
    float* const scratch = context.Scratch(worker);
    const int64_t head = tile % heads, part = tile / heads;
    pass.Begin(scratch);
    pass.ForWindows(head, part, parts, scratch,
                    [&](const WindowPlace& at) { pass.Run(head, at, scratch); });
    pass.End(head, part, scratch);
  });
}

}  // namespace vitrine::ops
