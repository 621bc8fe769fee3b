#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "ops/attention.h"
#include "ops/ranges.h"
#include "runtime/scratch_layout.h"

// How heads are cut into blocks of queries, and walked, in both precisions.
namespace vitrine::ops {

inline int64_t Padded(int64_t count) {
  return CeilDiv(count, kernels::kAttentionPad) * kernels::kAttentionPad;
}

// The row stride of scores and transposed operands: an odd number of cache lines, so that a column
// does not fall into few sets of the cache.
inline int64_t ScoreStride(int64_t keys) {
  return (CeilDiv(keys, kernels::kAttentionPad) | 1) * kernels::kAttentionPad;
}

struct Range {
  int64_t begin, end;
  // Part i of `parts` nearly equal parts of [0, count).
  static Range Part(int64_t count, int64_t parts, int64_t i) {
    return {count * i / parts, count * (i + 1) / parts};
  }
  int64_t size() const { return end - begin; }
};

// body(rows) for nearly equal blocks of `queries`, of at most so many rows.
template <class Body>
void ForBlocks(const Range& queries, int64_t most, const Body& body) {
  const int64_t blocks = CeilDiv(queries.size(), std::max<int64_t>(1, most));
  for (int64_t i = 0; i < blocks; ++i) {
    const Range rows = Range::Part(queries.size(), blocks, i);
    body(Range{queries.begin + rows.begin, queries.begin + rows.end});
  }
}

// Queries whose scores are in the works together: their rows stay in L2. Measured flat from 48 to
// 204 rows, and from 512 KiB to 1 MiB on 3137 keys; the least leaves room in the L2 of smaller
// CPUs.
inline int64_t BlockRows(int64_t score_stride) {
  constexpr int64_t kScores = 128 * 1024;  // floats
  constexpr int64_t kMostRows = 96;
  return std::clamp<int64_t>(kScores / score_stride / 12 * 12, 24, kMostRows);
}

inline int64_t HeadOffset(const HeadLayout& layout, int64_t b, int64_t h) {
  return layout.at[0] + b * layout.at[1] + h * layout.at[2];
}

inline int64_t BiasOffset(const BiasLayout& layout, int64_t b, int64_t h) {
  return b * layout.at[0] + h * layout.at[1];
}

// Floats of the bias that one head sees, and of all.
template <class Op>
int64_t BiasPiece(const Op& op) {
  return (op.layout_bias.at[2] != 0 ? op.queries : 1) * (op.layout_bias.at[3] != 0 ? op.keys : 1);
}
template <class Op>
int64_t BiasCount(const Op& op) {
  return (op.layout_bias.at[0] != 0 ? op.batch : 1) * (op.layout_bias.at[1] != 0 ? op.heads : 1) *
         BiasPiece(op);
}

// A head of the batch, or a part of its queries that one tile takes.
struct Head {
  int64_t b, h;
  int64_t part = 0;
};

// Some queries of a head, whose scores are in the works together, as the op has them.
template <class Op>
struct Block {
  const Op& op;
  Head head;
  Range queries;
  bool is_first;  // of its tile's blocks of this head

  int64_t rows() const { return queries.size(); }
  // Keys that any of them sees.
  int64_t seen() const { return op.causal ? std::min(op.keys, queries.end) : op.keys; }
  kernels::AttentionMask Mask(const float* padding) const {
    return {op.key_padding ? padding : nullptr, op.causal, queries.begin};
  }
  // Where its first row lies.
  int64_t InQ() const {
    return HeadOffset(op.layout_q, head.b, head.h) + queries.begin * op.layout_q.at[3];
  }
  int64_t InY() const {
    return HeadOffset(op.layout_y, head.b, head.h) + queries.begin * op.layout_y.at[3];
  }
  // Of its maxima in softmax, behind which all inverse sums follow.
  int64_t InSoftmax() const { return (head.b * op.heads + head.h) * op.queries + queries.begin; }
  auto* Maximum() const { return op.softmax + InSoftmax(); }
  auto* InverseSum() const { return Maximum() + op.batch * op.heads * op.queries; }

  // From scores (rows, seen) to exp(scores - maximum), whose sums the op keeps.
  void Softmax(float* scores, int64_t stride, const float* padding) const {
    AddBias(scores, stride);
    kernels::AttentionSoftmax(scores, stride, Maximum(), InverseSum(), rows(), seen(),
                              Mask(padding));
  }
  // The same again in backward, times the inverse sums.
  void Probabilities(float* scores, int64_t stride, const float* padding) const {
    AddBias(scores, stride);
    kernels::AttentionProbabilities(scores, stride, Maximum(), InverseSum(), rows(), seen(),
                                    Mask(padding));
  }
  void AddBias(float* scores, int64_t stride) const {
    if (!op.bias) return;
    kernels::AttentionAddBias(scores, stride,
                              op.bias + BiasOffset(op.layout_bias, head.b, head.h) + BiasRow(),
                              op.layout_bias.at[2], op.layout_bias.at[3], rows(), seen());
  }
  // Adds ds, the gradient of the scores before their scale, to that of the bias, if it is wanted,
  // and scales ds.
  void BiasGradient(float* head_dbias, float* ds, int64_t stride) const {
    if (head_dbias == nullptr) return;
    kernels::AttentionBiasGradient(head_dbias + BiasRow(), op.layout_bias.at[2],
                                   op.layout_bias.at[3], ds, stride, op.scale, rows(), seen());
  }

 private:
  int64_t BiasRow() const { return queries.begin * op.layout_bias.at[2]; }
};

// What a pass over heads has in both precisions and directions: the op, and the parts of a worker's
// scratch, of which the mask of a head's keys is the first.
template <class Op>
class HeadPass {
 public:
  // Runs it over all tiles' heads, each worker in scratch of its own: Begin() for a head,
  // RunBlock() for blocks of its queries, and End() where the pass has one. What Begin() makes in
  // forward serves the worker's next tile of that head, too.
  template <class Pass, class Tiles>
  static void Run(Context& context, const Pass& pass, const Tiles& tiles) {
    context.ReserveScratch(pass.layout_.size());
    // The head, from 1 on, of which each worker's scratch holds what Begin() made.
    std::vector<int64_t> begun(kKeepsHeads ? context.threads() : 0);
    context.ParallelFor(tiles.count(), [&](int64_t tile, int worker) {
      float* const scratch = context.Scratch(worker);
      tiles.ForHeads(tile, [&](const Head& head, const Range& queries, float* dbias) {
        const int64_t item = head.b * pass.op_.heads + head.h + 1;
        if (!kKeepsHeads || std::exchange(begun[worker], item) != item) {
          pass.Begin(head, scratch);
          pass.FillPadding(head, scratch);
        }
        ForBlocks(queries, pass.block_rows_, [&](const Range& rows) {
          const bool is_first = rows.begin == queries.begin;
          pass.RunBlock(Block<Op>{pass.op_, head, rows, is_first}, dbias, scratch);
        });
        if constexpr (requires { pass.End(head, scratch); }) pass.End(head, scratch);
      });
    });
  }

 protected:
  static constexpr bool kKeepsHeads = std::is_same_v<Op, AttentionForward>;

  HeadPass(const Op& op, int64_t block_rows) : op_(op), block_rows_(block_rows) {}

  int64_t InK(const Head& head) const { return HeadOffset(op_.layout_k, head.b, head.h); }
  int64_t InV(const Head& head) const { return HeadOffset(op_.layout_v, head.b, head.h); }
  void FillPadding(const Head& head, float* scratch) const {
    if (!op_.key_padding) return;
    const int32_t* const masked = op_.key_padding + head.b * op_.keys;
    float* const padding = scratch + padding_;
    for (int64_t j = 0; j < op_.keys; ++j) {
      padding[j] = masked[j] != 0 ? -std::numeric_limits<float>::infinity() : 0;
    }
    std::fill(padding + op_.keys, padding + Padded(op_.keys), 0.0f);
  }

  const Op& op_;
  const int64_t block_rows_;
  const int64_t score_stride_ = ScoreStride(op_.keys);
  const int64_t q_stride_ = op_.layout_q.at[3], k_stride_ = op_.layout_k.at[3];
  const int64_t v_stride_ = op_.layout_v.at[3], y_stride_ = op_.layout_y.at[3];
  ScratchLayout layout_;
  const int64_t padding_ = layout_.Take(op_.key_padding ? Padded(op_.keys) : 0);
};

}  // namespace vitrine::ops
