// Attention in float32. A head's keys and values are packed once for all its queries, of which a
// block at a time has its scores in the works.
#include <algorithm>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/attention_heads.h"
#include "ops/attention_key_sums.h"
#include "ops/attention_tiles.h"

namespace vitrine::ops {
namespace {

// What both directions have in common. Rows of whole vectors let the kernels read and write past a
// head's width; where it is none, their results are copied.
template <class Op>
class Pass : public HeadPass<Op> {
 protected:
  explicit Pass(const Op& op)
      : HeadPass<Op>(op, std::min(BlockRows(ScoreStride(op.keys)), op.queries)),
        padded_width_(Padded(op.width)),
        copies_(padded_width_ != op.width) {}

  // out (rows, D) = a b, by the way of scratch where it must be; rows times row_scale, unless null.
  void MultiplyRows(float* out, int64_t stride, const float* a, const float* b, int64_t rows,
                    int64_t seen, const float* row_scale, float* scratch) const {
    float* const to = copies_ ? scratch : out;
    const int64_t to_stride = copies_ ? padded_width_ : stride, width = this->op_.width;
    kernels::AttentionMultiply(
        {to, to_stride, a, this->score_stride_, b, padded_width_, rows, width, seen}, row_scale);
    if (copies_) kernels::AttentionCopyRows(out, stride, to, to_stride, rows, width, width);
  }

  const int64_t padded_width_;
  const bool copies_;
};

class Forward : public Pass<AttentionForward> {
 public:
  explicit Forward(const AttentionForward& op) : Pass(op) {}

  void Begin(const Head& head, float* scratch) const {
    kernels::AttentionPackTransposed(scratch + keys_, score_stride_, op_.k.floats() + InK(head),
                                     k_stride_, op_.keys, op_.width, op_.scale);
    kernels::AttentionCopyRows(scratch + values_, padded_width_, op_.v.floats() + InV(head),
                               v_stride_, op_.keys, op_.width, padded_width_);
  }

  void RunBlock(const Block<AttentionForward>& block, float* /*dbias*/, float* scratch) const {
    float* const scores = scratch + scores_;
    kernels::AttentionMultiply(
        {scores, score_stride_, op_.q.floats() + block.InQ(), q_stride_, scratch + keys_,
         score_stride_, block.rows(), block.seen(), op_.width},
        nullptr);
    block.Softmax(scores, score_stride_, scratch + padding_);
    MultiplyRows(op_.y.floats() + block.InY(), y_stride_, scores, scratch + values_, block.rows(),
                 block.seen(), block.InverseSum(), scratch + y_);
  }

 private:
  // Parts of a worker's scratch.
  const int64_t keys_ = layout_.Take(op_.width * score_stride_);      // (D,M), times scale
  const int64_t values_ = layout_.Take(op_.keys * padded_width_);     // (M,D)
  const int64_t scores_ = layout_.Take(block_rows_ * score_stride_);  // (block, M)
  const int64_t y_ = layout_.Take(copies_ ? block_rows_ * padded_width_ : 0);
};

class Backward : public Pass<AttentionBackward> {
 public:
  Backward(const AttentionBackward& op, const KeySums& sums) : Pass(op), sums_(sums) {}

  void Begin(const Head& head, float* scratch) const {
    const float *k = op_.k.floats() + InK(head), *v = op_.v.floats() + InV(head);
    kernels::AttentionPackTransposed(scratch + transposed_keys_, score_stride_, k, k_stride_,
                                     op_.keys, op_.width, op_.scale);
    kernels::AttentionPackTransposed(scratch + transposed_values_, score_stride_, v, v_stride_,
                                     op_.keys, op_.width, 1);
    kernels::AttentionCopyRows(scratch + keys_, padded_width_, k, k_stride_, op_.keys, op_.width,
                               padded_width_);
    std::fill_n(scratch + dk_, per_key_, 0.0f);
    std::fill_n(scratch + dv_, per_key_, 0.0f);
  }

  void RunBlock(const Block<AttentionBackward>& block, float* head_dbias, float* scratch) const {
    ScoreGradient(block, head_dbias, scratch);
    // dq = ds k, dk += ds^T q, dv += p^T dy
    const int64_t rows = block.rows(), seen = block.seen();
    float *p = scratch + p_, *ds = scratch + ds_;
    MultiplyRows(op_.dq.floats() + block.InQ(), q_stride_, ds, scratch + keys_, rows, seen, nullptr,
                 scratch + dq_);
    kernels::AttentionAddTransposed({scratch + dk_, padded_width_, ds, score_stride_, scratch + q_,
                                     padded_width_, seen, op_.width, rows});
    kernels::AttentionAddTransposed({scratch + dv_, padded_width_, p, score_stride_, scratch + dy_,
                                     padded_width_, seen, op_.width, rows});
  }

  void End(const Head& head, float* scratch) const {
    const KeySums::Place dk = sums_.Keys(head), dv = sums_.Values(head);
    kernels::AttentionCopyRows(dk.data, dk.stride, scratch + dk_, padded_width_, op_.keys,
                               op_.width, op_.width);
    kernels::AttentionCopyRows(dv.data, dv.stride, scratch + dv_, padded_width_, op_.keys,
                               op_.width, op_.width);
  }

 private:
  // Packs a block's q and dy, and makes p and ds of them.
  void ScoreGradient(const Block<AttentionBackward>& block, float* head_dbias,
                     float* scratch) const {
    float *q = scratch + q_, *dy = scratch + dy_, *delta = scratch + delta_;
    float *p = scratch + p_, *ds = scratch + ds_;
    const int64_t rows = block.rows(), seen = block.seen(), width = op_.width;
    kernels::AttentionCopyRows(q, padded_width_, op_.q.floats() + block.InQ(), q_stride_, rows,
                               width, padded_width_);
    kernels::AttentionCopyRows(dy, padded_width_, op_.dy.floats() + block.InY(), y_stride_, rows,
                               width, padded_width_);
    kernels::AttentionRowDots(delta, dy, padded_width_, op_.y.floats() + block.InY(), y_stride_,
                              rows, width);
    kernels::AttentionMultiply({p, score_stride_, q, padded_width_, scratch + transposed_keys_,
                                score_stride_, rows, seen, width},
                               nullptr);
    block.Probabilities(p, score_stride_, scratch + padding_);
    kernels::AttentionScoreGradient(
        {ds, score_stride_, dy, padded_width_, scratch + transposed_values_, score_stride_, rows,
         seen, width},
        p, delta, head_dbias == nullptr ? op_.scale : 1);
    block.BiasGradient(head_dbias, ds, score_stride_);
  }

  const KeySums& sums_;
  const int64_t transposed_ = op_.width * score_stride_;    // (D,M)
  const int64_t per_key_ = op_.keys * padded_width_;        // (M,D)
  const int64_t all_scores_ = block_rows_ * score_stride_;  // (block, M)
  const int64_t per_query_ = block_rows_ * padded_width_;   // (block, D)
  // Parts of a worker's scratch.
  const int64_t transposed_keys_ = layout_.Take(transposed_);  // times scale
  const int64_t transposed_values_ = layout_.Take(transposed_);
  const int64_t keys_ = layout_.Take(per_key_);
  const int64_t dk_ = layout_.Take(per_key_);
  const int64_t dv_ = layout_.Take(per_key_);
  const int64_t p_ = layout_.Take(all_scores_);
  const int64_t ds_ = layout_.Take(all_scores_);
  const int64_t q_ = layout_.Take(per_query_);
  const int64_t dy_ = layout_.Take(per_query_);
  const int64_t dq_ = layout_.Take(copies_ ? per_query_ : 0);
  const int64_t delta_ = layout_.Take(block_rows_);
};

}  // namespace

void AttentionForward::RunFp32(Context& context) {
  Forward::Run(context, Forward(*this), ForwardTiles(*this));
}

void AttentionBackward::RunFp32(Context& context) { RunWithKeySums<Backward>(context, *this); }

}  // namespace vitrine::ops
