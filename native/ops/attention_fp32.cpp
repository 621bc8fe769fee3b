// Attention in float32. A head's keys and values are packed once for all its queries, of which a
// block at a time has its scores in the works.
#include <algorithm>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/attention_heads.h"

namespace vitrine::ops {
namespace {

// Sizes that forward and backward have in common. Rows of whole vectors let the kernels read and
// write past a head's width; where it is none, their results are copied.
struct Sizes {
  int64_t score_stride, padded_width, block_rows;
  bool copies;
  template <class Op>
  explicit Sizes(const Op& op)
      : score_stride(ScoreStride(op.keys)),
        padded_width(Padded(op.width)),
        block_rows(std::min(BlockRows(score_stride), op.queries)),
        copies(padded_width != op.width) {}
};

class Forward {
 public:
  explicit Forward(const AttentionForward& op) : op_(op), sizes_(op) {}
  int64_t scratch() const { return layout_.size(); }

  void Run(const Head& head, const Range& queries, float* scratch) const {
    kernels::AttentionPackTransposed(scratch + keys_, sizes_.score_stride,
                                     op_.k + HeadOffset(op_.layout_k, head.b, head.h),
                                     op_.layout_k.at[3], op_.keys, op_.width, op_.scale);
    kernels::AttentionCopyRows(scratch + values_, sizes_.padded_width,
                               op_.v + HeadOffset(op_.layout_v, head.b, head.h), op_.layout_v.at[3],
                               op_.keys, op_.width, sizes_.padded_width);
    if (op_.key_padding)
      FillPadding(scratch + padding_, op_.key_padding + head.b * op_.keys, op_.keys);
    ForBlocks(queries, sizes_.block_rows, [&](const Range& rows) {
      RunBlock({op_, head, rows}, scratch);
    });
  }

 private:
  void RunBlock(const Block<AttentionForward>& block, float* scratch) const {
    const auto [score_stride, padded_width, block_rows, copies] = sizes_;
    const int64_t y_stride = op_.layout_y.at[3];
    float* scores = scratch + scores_;
    kernels::AttentionMultiply(
        {scores, score_stride, op_.q + block.InQ(), op_.layout_q.at[3], scratch + keys_,
         score_stride, block.rows(), block.seen(), op_.width},
        nullptr);
    block.Softmax(scores, score_stride, scratch + padding_);
    float* y = op_.y + block.InY();
    float* out = copies ? scratch + y_ : y;
    const int64_t out_stride = copies ? padded_width : y_stride;
    kernels::AttentionMultiply({out, out_stride, scores, score_stride, scratch + values_,
                                padded_width, block.rows(), op_.width, block.seen()},
                               block.InverseSum());
    if (copies)
      kernels::AttentionCopyRows(y, y_stride, out, out_stride, block.rows(), op_.width, op_.width);
  }

  const AttentionForward& op_;
  const Sizes sizes_;
  // Parts of a worker's scratch.
  ScratchLayout layout_;
  const int64_t keys_ = layout_.Take(op_.width * sizes_.score_stride);   // (D,M), times scale
  const int64_t values_ = layout_.Take(op_.keys * sizes_.padded_width);  // (M,D)
  const int64_t padding_ = layout_.Take(op_.key_padding ? Padded(op_.keys) : 0);
  const int64_t scores_ = layout_.Take(sizes_.block_rows * sizes_.score_stride);  // (block, M)
  const int64_t y_ = layout_.Take(sizes_.copies ? sizes_.block_rows * sizes_.padded_width : 0);
};

class Backward {
 public:
  explicit Backward(const AttentionBackward& op) : op_(op), sizes_(op) {}
  int64_t scratch() const { return layout_.size(); }

  void Run(const Head& head, float* head_dbias, float* scratch) const {
    const int64_t in_k = HeadOffset(op_.layout_k, head.b, head.h);
    const int64_t in_v = HeadOffset(op_.layout_v, head.b, head.h);
    Pack(op_.k + in_k, op_.v + in_v, scratch);
    if (op_.key_padding)
      FillPadding(scratch + padding_, op_.key_padding + head.b * op_.keys, op_.keys);
    ForBlocks({0, op_.queries}, sizes_.block_rows, [&](const Range& rows) {
      const Block<AttentionBackward> block{op_, head, rows};
      ScoreGradient(block, head_dbias, scratch);
      Products(block, scratch);
    });
    kernels::AttentionCopyRows(op_.dk + in_k, op_.layout_k.at[3], scratch + dk_,
                               sizes_.padded_width, op_.keys, op_.width, op_.width);
    kernels::AttentionCopyRows(op_.dv + in_v, op_.layout_v.at[3], scratch + dv_,
                               sizes_.padded_width, op_.keys, op_.width, op_.width);
  }

 private:
  void Pack(const float* k, const float* v, float* scratch) const {
    const auto [score_stride, padded_width, block_rows, copies] = sizes_;
    kernels::AttentionPackTransposed(scratch + transposed_keys_, score_stride, k,
                                     op_.layout_k.at[3], op_.keys, op_.width, op_.scale);
    kernels::AttentionPackTransposed(scratch + transposed_values_, score_stride, v,
                                     op_.layout_v.at[3], op_.keys, op_.width, 1);
    kernels::AttentionCopyRows(scratch + keys_, padded_width, k, op_.layout_k.at[3], op_.keys,
                               op_.width, padded_width);
    std::fill_n(scratch + dk_, op_.keys * padded_width, 0.0f);
    std::fill_n(scratch + dv_, op_.keys * padded_width, 0.0f);
  }

  // Packs a block's q and dy, and makes p and ds of them.
  void ScoreGradient(const Block<AttentionBackward>& block, float* head_dbias,
                     float* scratch) const {
    const auto [score_stride, padded_width, block_rows, copies] = sizes_;
    float *q = scratch + q_, *dy = scratch + dy_, *delta = scratch + delta_;
    float *p = scratch + p_, *ds = scratch + ds_;
    const int64_t rows = block.rows(), seen = block.seen(), y_stride = op_.layout_y.at[3];
    kernels::AttentionCopyRows(q, padded_width, op_.q + block.InQ(), op_.layout_q.at[3], rows,
                               op_.width, padded_width);
    kernels::AttentionCopyRows(dy, padded_width, op_.dy + block.InY(), y_stride, rows, op_.width,
                               padded_width);
    kernels::AttentionRowDots(delta, dy, padded_width, op_.y + block.InY(), y_stride, rows,
                              op_.width);
    kernels::AttentionMultiply({p, score_stride, q, padded_width, scratch + transposed_keys_,
                                score_stride, rows, seen, op_.width},
                               nullptr);
    block.Probabilities(p, score_stride, scratch + padding_);
    kernels::AttentionScoreGradient(
        {ds, score_stride, dy, padded_width, scratch + transposed_values_, score_stride, rows, seen,
         op_.width},
        p, delta, head_dbias == nullptr ? op_.scale : 1);
    block.BiasGradient(head_dbias, ds, score_stride);
  }

  // dq = ds k, dk += ds^T q, dv += p^T dy
  void Products(const Block<AttentionBackward>& block, float* scratch) const {
    const auto [score_stride, padded_width, block_rows, copies] = sizes_;
    const int64_t rows = block.rows(), seen = block.seen(), q_stride = op_.layout_q.at[3];
    float *p = scratch + p_, *ds = scratch + ds_;
    float* dq = op_.dq + block.InQ();
    float* out = copies ? scratch + dq_ : dq;
    const int64_t out_stride = copies ? padded_width : q_stride;
    kernels::AttentionMultiply(
        {out, out_stride, ds, score_stride, scratch + keys_, padded_width, rows, op_.width, seen},
        nullptr);
    if (copies)
      kernels::AttentionCopyRows(dq, q_stride, out, out_stride, rows, op_.width, op_.width);
    kernels::AttentionAddTransposed({scratch + dk_, padded_width, ds, score_stride, scratch + q_,
                                     padded_width, seen, op_.width, rows});
    kernels::AttentionAddTransposed({scratch + dv_, padded_width, p, score_stride, scratch + dy_,
                                     padded_width, seen, op_.width, rows});
  }

  const AttentionBackward& op_;
  const Sizes sizes_;
  const int64_t transposed_ = op_.width * sizes_.score_stride;         // (D,M)
  const int64_t per_key_ = op_.keys * sizes_.padded_width;             // (M,D)
  const int64_t scores_ = sizes_.block_rows * sizes_.score_stride;     // (block, M)
  const int64_t per_query_ = sizes_.block_rows * sizes_.padded_width;  // (block, D)
  // Parts of a worker's scratch.
  ScratchLayout layout_;
  const int64_t transposed_keys_ = layout_.Take(transposed_);  // times scale
  const int64_t transposed_values_ = layout_.Take(transposed_);
  const int64_t keys_ = layout_.Take(per_key_);
  const int64_t dk_ = layout_.Take(per_key_);
  const int64_t dv_ = layout_.Take(per_key_);
  const int64_t padding_ = layout_.Take(op_.key_padding ? Padded(op_.keys) : 0);
  const int64_t p_ = layout_.Take(scores_);
  const int64_t ds_ = layout_.Take(scores_);
  const int64_t q_ = layout_.Take(per_query_);
  const int64_t dy_ = layout_.Take(per_query_);
  const int64_t dq_ = layout_.Take(sizes_.copies ? per_query_ : 0);
  const int64_t delta_ = layout_.Take(sizes_.block_rows);
};

}  // namespace

void AttentionForward::RunFp32(Context& context) {
  RunHeads(context, ForwardTiles(*this), Forward(*this));
}

void AttentionBackward::RunFp32(Context& context) {
  RunHeads(context, BackwardTiles(*this), Backward(*this));
}

}  // namespace vitrine::ops
