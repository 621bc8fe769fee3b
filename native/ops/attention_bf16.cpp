// Attention whose products read factors of bfloat16, or rounded to that. A head's products are
// small enough for one thread each; every one packs its factors, a few percent of it, from where
// they lie, but for keys and values in forward, which are packed once for all blocks of queries.
// Results of bfloat16 are made in scratch, and rounded from there.
#include <algorithm>

#include "gemm/gemm.h"
#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/attention_heads.h"
#include "ops/attention_key_sums.h"
#include "ops/attention_tiles.h"

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
PackedSource RowsOf(const In<Floats>& heads, int64_t at, int64_t stride) {
  return PackedSource{heads.data, stride, false, heads.bf16}.From(at);
}

// Rows of a result, made where they are to be, or where they are bfloat16 in scratch.
struct Result {
  const Out<Floats>& out;
  int64_t at, stride;
  float* scratch;
  int64_t width;

  KeySums::Place place() const {
    return out.bf16 ? KeySums::Place{scratch, width} : KeySums::Place{out.floats() + at, stride};
  }
  // What is left to do: rows times row_scale, unless that is null, and rounded.
  void Store(int64_t rows, const float* row_scale) const {
    if (out.bf16) {
      kernels::AttentionStoreBf16(out.halves() + at, stride, scratch, width, rows, width,
                                  row_scale);
    } else if (row_scale != nullptr) {
      kernels::AttentionScaleRows(out.floats() + at, stride, row_scale, rows, width);
    }
  }
};

// c (m,n) = a b over k, or c plus that; with b packed before, unless that is null.
void Multiply(float* c, int64_t ldc, int64_t m, int64_t n, int64_t k, const PackedSource& a,
              const PackedSource& b, bool accumulate, float* scratch,
              const float* packed = nullptr) {
  gemm::MatrixProduct product{m, n, k, c, ldc, a, b, accumulate, true};
  product.kept_b = packed;
  gemm::MultiplySerial(product, scratch);
}

// b (k,n) packed for all products with it.
void Pack(float* packed, int64_t n, int64_t k, const PackedSource& b) {
  gemm::MatrixProduct product{.m = 1, .n = n, .k = k, .b = b};
  product.bf16 = true;
  gemm::PackSerial(product, packed);
}

// Scratch of any product of a block of rows with a head's keys or values.
int64_t ProductScratch(int64_t rows, int64_t keys, int64_t width) {
  const auto scratch = [](int64_t m, int64_t n, int64_t k) {
    return gemm::SerialScratch({.m = m, .n = n, .k = k, .bf16 = true});
  };
  return std::max(
      {scratch(rows, keys, width), scratch(rows, width, keys), scratch(keys, width, rows)});
}

// What both directions have in common.
template <class Op>
class Pass : public HeadPass<Op> {
 public:
  void Begin(const Head& head, float* scratch) const {
    const Op& op = this->op_;
    const int64_t at = this->InK(head), stride = this->k_stride_;
    float* const keys = scratch + keys_;
    if (op.k.bf16) {
      kernels::AttentionScaleCopyBf16(keys, op.k.halves() + at, stride, op.keys, op.width,
                                      op.scale);
    } else {
      kernels::AttentionScaleCopy(keys, op.k.floats() + at, stride, op.keys, op.width, op.scale);
    }
  }

 protected:
  explicit Pass(const Op& op)
      : HeadPass<Op>(op, BlockRowsBf16(ScoreStride(op.keys), op.queries)),
        keys_(this->layout_.Take(op.keys * op.width)),
        product_(this->layout_.Take(ProductScratch(this->block_rows_, op.keys, op.width))) {}

  PackedSource Q(const Block<Op>& block) const {
    return RowsOf(this->op_.q, block.InQ(), this->q_stride_);
  }
  // scores (rows, seen) = q k^T, k times scale
  void Scores(float* scores, const Block<Op>& block, float* scratch,
              const float* packed = nullptr) const {
    const int64_t width = this->op_.width;
    Multiply(scores, this->score_stride_, block.rows(), block.seen(), width, Q(block),
             Columns(scratch + keys_, width), false, scratch + product_, packed);
  }

  const int64_t keys_;  // (M,D), times scale
  const int64_t product_;
};

class Forward : public Pass<AttentionForward> {
 public:
  explicit Forward(const AttentionForward& op) : Pass(op) {}

  void Begin(const Head& head, float* scratch) const {
    Pass::Begin(head, scratch);
    if (op_.causal) return;  // a block multiplies by what it sees of them
    Pack(scratch + packed_keys_, op_.keys, op_.width, Columns(scratch + keys_, op_.width));
    Pack(scratch + packed_values_, op_.width, op_.keys, RowsOf(op_.v, InV(head), v_stride_));
  }

  void RunBlock(const Block<AttentionForward>& block, float* /*dbias*/, float* scratch) const {
    float* const scores = scratch + scores_;
    const Result result{op_.y, block.InY(), y_stride_, scratch + y_, op_.width};
    const KeySums::Place y = result.place();
    const auto packed = [&](int64_t at) { return op_.causal ? nullptr : scratch + at; };
    Scores(scores, block, scratch, packed(packed_keys_));
    block.Softmax(scores, score_stride_, scratch + padding_);
    Multiply(y.data, y.stride, block.rows(), op_.width, block.seen(), Rows(scores, score_stride_),
             RowsOf(op_.v, InV(block.head), v_stride_), false, scratch + product_,
             packed(packed_values_));
    result.Store(block.rows(), block.InverseSum());
  }

 private:
  static int64_t PackedFloats(const AttentionForward& op, int64_t n, int64_t k) {
    return op.causal ? 0 : gemm::KeptFloats(n, k, gemm::Precision::kBf16);
  }

  const int64_t scores_ = layout_.Take(block_rows_ * score_stride_);  // (block, M)
  const int64_t packed_keys_ = layout_.Take(PackedFloats(op_, op_.keys, op_.width));
  const int64_t packed_values_ = layout_.Take(PackedFloats(op_, op_.width, op_.keys));
  const int64_t y_ = layout_.Take(op_.y.bf16 ? block_rows_ * op_.width : 0);
};

class Backward : public Pass<AttentionBackward> {
 public:
  Backward(const AttentionBackward& op, const KeySums& sums) : Pass(op), sums_(sums) {}

  void Begin(const Head& head, float* scratch) const {
    Pass::Begin(head, scratch);
    if (!op_.causal) return;
    const KeySums::Place dk = Dk(head, scratch), dv = Dv(head, scratch);
    for (int64_t key = 0; key < op_.keys; ++key) {  // not every block reaches every key
      std::fill_n(dk.data + key * dk.stride, op_.width, 0.0f);
      std::fill_n(dv.data + key * dv.stride, op_.width, 0.0f);
    }
  }

  void RunBlock(const Block<AttentionBackward>& block, float* head_dbias, float* scratch) const {
    ScoreGradient(block, head_dbias, scratch);
    // dq = ds k; dk = ds^T q and dv = p^T dy, summed over the blocks.
    const int64_t rows = block.rows(), seen = block.seen(), width = op_.width;
    const KeySums::Place dk = Dk(block.head, scratch), dv = Dv(block.head, scratch);
    const Result result{op_.dq, block.InQ(), q_stride_, scratch + dq_, width};
    const KeySums::Place dq = result.place();
    float *p = scratch + p_, *ds = scratch + ds_, *product = scratch + product_;
    const bool accumulate = op_.causal || !block.is_first;
    Multiply(dq.data, dq.stride, rows, width, seen, Rows(ds, score_stride_),
             RowsOf(op_.k, InK(block.head), k_stride_), false, product);
    result.Store(rows, nullptr);
    Multiply(dk.data, dk.stride, seen, width, rows, Columns(ds, score_stride_), Q(block),
             accumulate, product);
    Multiply(dv.data, dv.stride, seen, width, rows, Columns(p, score_stride_), Dy(block),
             accumulate, product);
  }

  void End(const Head& head, float* scratch) const {
    if (!sums_.AreRoundedByTiles()) return;
    const int64_t width = op_.width;
    Result{op_.dk, InK(head), k_stride_, scratch + dk_, width}.Store(op_.keys, nullptr);
    Result{op_.dv, InV(head), v_stride_, scratch + dv_, width}.Store(op_.keys, nullptr);
  }

 private:
  PackedSource Dy(const Block<AttentionBackward>& block) const {
    return RowsOf(op_.dy, block.InY(), y_stride_);
  }
  KeySums::Place Dk(const Head& head, float* scratch) const {
    return sums_.AreRoundedByTiles() ? KeySums::Place{scratch + dk_, op_.width} : sums_.Keys(head);
  }
  KeySums::Place Dv(const Head& head, float* scratch) const {
    return sums_.AreRoundedByTiles() ? KeySums::Place{scratch + dv_, op_.width}
                                     : sums_.Values(head);
  }

  // Makes p and ds.
  void ScoreGradient(const Block<AttentionBackward>& block, float* head_dbias,
                     float* scratch) const {
    const int64_t rows = block.rows(), seen = block.seen();
    float *p = scratch + p_, *ds = scratch + ds_, *delta = scratch + delta_;
    Scores(p, block, scratch);
    block.Probabilities(p, score_stride_, scratch + padding_);
    Multiply(ds, score_stride_, rows, seen, op_.width, Dy(block),
             RowsOf(op_.v, InV(block.head), v_stride_).Transposed(), false, scratch + product_);
    // That is y dy, of the factors as they were rounded.
    kernels::AttentionRowDots(delta, p, score_stride_, ds, score_stride_, rows, seen);
    kernels::AttentionScoreGradientRows(ds, p, score_stride_, delta,
                                        head_dbias == nullptr ? op_.scale : 1, rows, seen);
    block.BiasGradient(head_dbias, ds, score_stride_);
  }

  const KeySums& sums_;
  // Parts of a worker's scratch.
  const int64_t p_ = layout_.Take(block_rows_ * score_stride_);   // (block, M)
  const int64_t ds_ = layout_.Take(block_rows_ * score_stride_);  // (block, M)
  const int64_t delta_ = layout_.Take(block_rows_);
  const int64_t per_key_ = sums_.AreRoundedByTiles() ? op_.keys * op_.width : 0;
  const int64_t dq_ = layout_.Take(op_.dq.bf16 ? block_rows_ * op_.width : 0);
  const int64_t dk_ = layout_.Take(per_key_), dv_ = layout_.Take(per_key_);
};

}  // namespace

void AttentionForward::RunBf16(Context& context) {
  Forward::Run(context, Forward(*this), ForwardTiles(*this));
}

void AttentionBackward::RunBf16(Context& context) { RunWithKeySums<Backward>(context, *this); }

}  // namespace vitrine::ops
