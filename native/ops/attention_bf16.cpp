// Attention whose products round their factors to bfloat16. A head's products are small enough for
// one thread each; every one packs its factors, a few percent of it, from where they lie.
#include <algorithm>

#include "gemm/gemm.h"
#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/attention_heads.h"

namespace vitrine::ops {
namespace {

using kernels::PackedSource;

// Rows whose scores are in the works together. More than in float32, as each block packs keys and
// values again: all 197 of an image's, which take 0.94 to 0.97 of the time of two blocks.
int64_t BlockRowsBf16(int64_t score_stride, int64_t queries) {
  constexpr int64_t kScores = 64 * 1024;  // floats
  const int64_t most = std::max<int64_t>(48, kScores / score_stride);
  return CeilDiv(queries, CeilDiv(queries, most));
}

// A matrix, rows so many floats apart, and that matrix transposed.
PackedSource Rows(const float* data, int64_t stride) { return {data, stride, false}; }
PackedSource Columns(const float* data, int64_t stride) { return {data, stride, true}; }

// c (m,n) = a b over k, or c plus that.
void Multiply(float* c, int64_t ldc, int64_t m, int64_t n, int64_t k, const PackedSource& a,
              const PackedSource& b, bool accumulate, float* scratch) {
  gemm::MultiplySerial({m, n, k, c, ldc, a, b, accumulate, true}, scratch);
}

// Scratch of any product of a block of rows with a head's keys or values.
int64_t ProductScratch(int64_t rows, int64_t keys, int64_t width) {
  const auto scratch = [](int64_t m, int64_t n, int64_t k) {
    return gemm::SerialScratch({.m = m, .n = n, .k = k, .bf16 = true});
  };
  return std::max(
      {scratch(rows, keys, width), scratch(rows, width, keys), scratch(keys, width, rows)});
}

class Forward {
 public:
  explicit Forward(const AttentionForward& op) : op_(op) {}
  int64_t scratch() const { return layout_.size(); }

  void Run(const Head& head, const Range& queries, float* scratch) const {
    kernels::AttentionScaleCopy(scratch + keys_, op_.k + HeadOffset(op_.layout_k, head.b, head.h),
                                op_.layout_k.at[3], op_.keys, op_.width, op_.scale);
    if (op_.key_padding)
      FillPadding(scratch + padding_, op_.key_padding + head.b * op_.keys, op_.keys);
    ForBlocks(queries, block_rows_, [&](const Range& rows) {
      RunBlock({op_, head, rows}, scratch);
    });
  }

 private:
  void RunBlock(const Block<AttentionForward>& block, float* scratch) const {
    const int64_t rows = block.rows(), seen = block.seen(), width = op_.width;
    const float* v = op_.v + HeadOffset(op_.layout_v, block.head.b, block.head.h);
    float *scores = scratch + scores_, *product = scratch + product_, *y = op_.y + block.InY();
    Multiply(scores, score_stride_, rows, seen, width,
             Rows(op_.q + block.InQ(), op_.layout_q.at[3]), Columns(scratch + keys_, width), false,
             product);
    block.Softmax(scores, score_stride_, scratch + padding_);
    Multiply(y, op_.layout_y.at[3], rows, width, seen, Rows(scores, score_stride_),
             Rows(v, op_.layout_v.at[3]), false, product);
    kernels::AttentionScaleRows(y, op_.layout_y.at[3], block.InverseSum(), rows, width);
  }

  const AttentionForward& op_;
  const int64_t score_stride_ = ScoreStride(op_.keys);
  const int64_t block_rows_ = BlockRowsBf16(score_stride_, op_.queries);
  // Parts of a worker's scratch.
  ScratchLayout layout_;
  const int64_t keys_ = layout_.Take(op_.keys * op_.width);  // (M,D), times scale
  const int64_t padding_ = layout_.Take(op_.key_padding ? Padded(op_.keys) : 0);
  const int64_t scores_ = layout_.Take(block_rows_ * score_stride_);  // (block, M)
  const int64_t product_ = layout_.Take(ProductScratch(block_rows_, op_.keys, op_.width));
};

class Backward {
 public:
  explicit Backward(const AttentionBackward& op) : op_(op) {}
  int64_t scratch() const { return layout_.size(); }

  void Run(const Head& head, float* head_dbias, float* scratch) const {
    const int64_t in_k = HeadOffset(op_.layout_k, head.b, head.h);
    const int64_t in_v = HeadOffset(op_.layout_v, head.b, head.h);
    kernels::AttentionScaleCopy(scratch + keys_, op_.k + in_k, op_.layout_k.at[3], op_.keys,
                                op_.width, op_.scale);
    if (op_.key_padding)
      FillPadding(scratch + padding_, op_.key_padding + head.b * op_.keys, op_.keys);
    if (op_.causal) {  // not every block reaches every key
      for (int64_t key = 0; key < op_.keys; ++key) {
        std::fill_n(op_.dk + in_k + key * op_.layout_k.at[3], op_.width, 0.0f);
        std::fill_n(op_.dv + in_v + key * op_.layout_v.at[3], op_.width, 0.0f);
      }
    }
    ForBlocks({0, op_.queries}, block_rows_, [&](const Range& rows) {
      const Block<AttentionBackward> block{op_, head, rows};
      ScoreGradient(block, head_dbias, scratch);
      Products(block, scratch);
    });
  }

 private:
  PackedSource Q(const Block<AttentionBackward>& block) const {
    return Rows(op_.q + block.InQ(), op_.layout_q.at[3]);
  }
  PackedSource Dy(const Block<AttentionBackward>& block) const {
    return Rows(op_.dy + block.InY(), op_.layout_y.at[3]);
  }

  // Makes p and ds.
  void ScoreGradient(const Block<AttentionBackward>& block, float* head_dbias,
                     float* scratch) const {
    const int64_t rows = block.rows(), seen = block.seen(), width = op_.width;
    const float* v = op_.v + HeadOffset(op_.layout_v, block.head.b, block.head.h);
    float *p = scratch + p_, *ds = scratch + ds_;
    float *delta = scratch + delta_, *product = scratch + product_;
    Multiply(p, score_stride_, rows, seen, width, Q(block), Columns(scratch + keys_, width), false,
             product);
    block.Probabilities(p, score_stride_, scratch + padding_);
    Multiply(ds, score_stride_, rows, seen, width, Dy(block), Columns(v, op_.layout_v.at[3]), false,
             product);
    // That is y dy, of the factors as they were rounded.
    kernels::AttentionRowDots(delta, p, score_stride_, ds, score_stride_, rows, seen);
    kernels::AttentionScoreGradientRows(ds, p, score_stride_, delta,
                                        head_dbias == nullptr ? op_.scale : 1, rows, seen);
    block.BiasGradient(head_dbias, ds, score_stride_);
  }

  // dq = ds k; dk = ds^T q and dv = p^T dy, summed over the blocks.
  void Products(const Block<AttentionBackward>& block, float* scratch) const {
    const int64_t rows = block.rows(), seen = block.seen(), width = op_.width;
    const auto [b, h] = block.head;
    float *p = scratch + p_, *ds = scratch + ds_, *product = scratch + product_;
    const int64_t in_k = HeadOffset(op_.layout_k, b, h), in_v = HeadOffset(op_.layout_v, b, h);
    const int64_t k_stride = op_.layout_k.at[3], v_stride = op_.layout_v.at[3];
    const bool accumulate = op_.causal || block.queries.begin > 0;
    Multiply(op_.dq + block.InQ(), op_.layout_q.at[3], rows, width, seen, Rows(ds, score_stride_),
             Rows(op_.k + in_k, k_stride), false, product);
    Multiply(op_.dk + in_k, k_stride, seen, width, rows, Columns(ds, score_stride_), Q(block),
             accumulate, product);
    Multiply(op_.dv + in_v, v_stride, seen, width, rows, Columns(p, score_stride_), Dy(block),
             accumulate, product);
  }

  const AttentionBackward& op_;
  const int64_t score_stride_ = ScoreStride(op_.keys);
  const int64_t block_rows_ = BlockRowsBf16(score_stride_, op_.queries);
  // Parts of a worker's scratch.
  ScratchLayout layout_;
  const int64_t keys_ = layout_.Take(op_.keys * op_.width);  // (M,D), times scale
  const int64_t padding_ = layout_.Take(op_.key_padding ? Padded(op_.keys) : 0);
  const int64_t p_ = layout_.Take(block_rows_ * score_stride_);   // (block, M)
  const int64_t ds_ = layout_.Take(block_rows_ * score_stride_);  // (block, M)
  const int64_t delta_ = layout_.Take(block_rows_);
  const int64_t product_ = layout_.Take(ProductScratch(block_rows_, op_.keys, op_.width));
};

}  // namespace

void AttentionForward::RunBf16(Context& context) {
  RunHeads(context, ForwardTiles(*this), Forward(*this));
}

void AttentionBackward::RunBf16(Context& context) {
  RunHeads(context, BackwardTiles(*this), Backward(*this));
}

}  // namespace vitrine::ops
