#include "ops/attention.h"

#include <algorithm>

#include "kernels/attention.h"
#include "kernels/attention_product.h"
#include "kernels/short_attention.h"
#include "ops/attention_heads.h"
#include "ops/ranges.h"
#include "runtime/cpu.h"

namespace vitrine::ops {
namespace {

using kernels::AttentionMask;

template <class Operand>
bool HoldsHeads(const Operand& operand, const HeadLayout& layout, int64_t batch, int64_t heads,
                int64_t tokens, int64_t width) {
  if (layout.rank != 4 || batch < 0 || heads < 0 || tokens < 0 || width < 0) return false;
  if (batch == 0 || heads == 0 || tokens == 0 || width == 0) return true;
  // Floats that may follow the element reached so far; divisions, as products could overflow.
  int64_t left = static_cast<int64_t>(operand.count) - width;
  const int64_t sizes[] = {2, batch, heads, tokens};
  for (int axis = 0; axis < 4; ++axis) {
    const int64_t stride = layout.at[axis];
    const int64_t steps = sizes[axis] - 1;
    if (left < 0 || stride < 0 || (steps > 0 && stride > left / steps)) return false;
    left -= steps * stride;
  }
  return operand.data != nullptr && left >= 0;
}

// Whether bias, and dbias, hold what the layout reaches: an axis without a stride counts once, and
// the others lie without gaps.
template <class Op>
bool HoldsBias(const Op& op, const Out<float>& dbias, int64_t parts) {
  if (!op.bias) return !dbias;
  const BiasLayout& layout = op.layout_bias;
  const int64_t sizes[] = {op.batch, op.heads, op.queries, op.keys};
  int64_t count = 1;
  for (int axis = 3; axis >= 0; --axis) {
    if (layout.at[axis] == 0) continue;
    if (layout.at[axis] != count) return false;
    count = Product(count, sizes[axis]);
    if (count <= 0) return count == 0;
  }
  return layout.rank == 4 && Holds(op.bias, count) &&
         (!dbias || (parts > 0 && Holds(dbias, Product(parts, count))));
}

// One head: where it begins in the operands (rows, in softmax), and what its kernel takes.
struct ShortPlace {
  int64_t q, k, v, y, rows;
  kernels::ShortHead head;
  float* scratch;
};

template <class Op, class Body>
void ForShortHeads(const Op& op, Context& context, const Body& body) {
  const int64_t heads_per_tile = HeadsPerTile(op.queries, op.keys, op.width, kLeastShortHead);
  context.ReserveScratch(kernels::ShortAttentionScratch(op.width));
  ForRanges(context, op.batch * op.heads, EvenStep(op.batch * op.heads, heads_per_tile),
            [&](int64_t begin, int64_t end, int worker) {
              for (int64_t item = begin; item < end; ++item) {
                const int64_t b = item / op.heads;
                const int64_t h = item % op.heads;
                ShortPlace at{.q = HeadOffset(op.layout_q, b, h),
                              .k = HeadOffset(op.layout_k, b, h),
                              .v = HeadOffset(op.layout_v, b, h),
                              .y = HeadOffset(op.layout_y, b, h),
                              .rows = item * op.queries,
                              .head = {},
                              .scratch = context.Scratch(worker)};
                at.head = {.q = op.q + at.q,
                           .k = op.k + at.k,
                           .v = op.v + at.v,
                           .q_stride = op.layout_q.at[3],
                           .k_stride = op.layout_k.at[3],
                           .v_stride = op.layout_v.at[3],
                           .queries = op.queries,
                           .keys = op.keys,
                           .width = op.width,
                           .scale = op.scale};
                body(at);
              }
            });
}

}  // namespace

bool AttentionForward::Valid() const {
  return (!bf16 || HasBf16()) && HoldsHeads(y, layout_y, batch, heads, queries, width) &&
         HoldsHeads(q, layout_q, batch, heads, queries, width) &&
         HoldsHeads(k, layout_k, batch, heads, keys, width) &&
         HoldsHeads(v, layout_v, batch, heads, keys, width) &&
         Holds(softmax, Product(2, batch, heads, queries)) &&
         HoldsOrAbsent(key_padding, Product(batch, keys)) && HoldsBias(*this, {}, 0);
}

void AttentionForward::Run(Context& context) {
  if (Product(batch, heads, queries, width) == 0) return;
  const bool masked = key_padding || causal || bias;
  if (!masked && kernels::IsShortAttention(queries, keys, width)) {
    return ForShortHeads(*this, context, [&](const ShortPlace& at) {
      kernels::ShortAttentionForward(y + at.y, layout_y.at[3], softmax + at.rows,
                                     softmax + batch * heads * queries + at.rows, at.head,
                                     at.scratch);
    });
  }
  if (bf16 && queries > 0 && keys > 0 && width > 0) return RunBf16(context);
  const int64_t score_stride = ScoreStride(keys);
  const int64_t padded_width = Padded(width);
  const int64_t block_rows = std::min(BlockRows(score_stride), queries);
  const bool copies_y = padded_width != width;

  // A tile is some heads, or some of the queries of one head.
  const int64_t items = batch * heads;
  const int64_t groups = CeilDiv(items, HeadsPerTile(queries, keys, width));
  const int64_t parts = QueryParts(items, groups, queries);

  ScratchLayout layout;
  const int64_t keys_at = layout.Take(width * score_stride);
  const int64_t values_at = layout.Take(keys * padded_width);
  const int64_t padding_at = layout.Take(key_padding ? keys : 0);
  const int64_t scores_at = layout.Take(block_rows * score_stride);
  const int64_t y_at = layout.Take(copies_y ? block_rows * padded_width : 0);
  context.ReserveScratch(layout.size());

  context.ParallelFor(groups * parts, [&](int64_t tile, int worker) {
    float* scratch = context.Scratch(worker);
    float* packed_keys = scratch + keys_at;      // (D,M), times scale
    float* packed_values = scratch + values_at;  // (M,D)
    float* scores = scratch + scores_at;         // (block, M)
    const Range group(items, groups, tile / parts);
    const Range part(queries, parts, tile % parts);
    const int64_t blocks = CeilDiv(part.size(), std::max<int64_t>(1, block_rows));

    for (int64_t item = group.begin; item < group.end; ++item) {
      const int64_t b = item / heads;
      const int64_t h = item % heads;
      const float* head_q = q + HeadOffset(layout_q, b, h);
      float* head_y = y + HeadOffset(layout_y, b, h);
      kernels::AttentionPackTransposed(packed_keys, score_stride, k + HeadOffset(layout_k, b, h),
                                       layout_k.at[3], keys, width, scale);
      kernels::AttentionCopyRows(packed_values, padded_width, v + HeadOffset(layout_v, b, h),
                                 layout_v.at[3], keys, width, padded_width);
      if (key_padding) FillPadding(scratch + padding_at, key_padding + b * keys, keys);

      for (int64_t block = 0; block < blocks; ++block) {
        const Range rows(part.size(), blocks, block);
        const int64_t first = part.begin + rows.begin;
        const int64_t seen = causal ? std::min(keys, first + rows.size()) : keys;
        const AttentionMask mask{key_padding ? scratch + padding_at : nullptr, causal, first};
        kernels::AttentionMultiply(
            {scores, score_stride, head_q + first * layout_q.at[3], layout_q.at[3], packed_keys,
             score_stride, rows.size(), seen, width},
            nullptr);
        Bias(*this, b, h, first).AddTo(scores, score_stride, rows.size(), seen);
        float* maximum = softmax + item * queries + first;
        float* inverse_sum = maximum + items * queries;
        kernels::AttentionSoftmax(scores, score_stride, maximum, inverse_sum, rows.size(), seen,
                                  mask);
        float* block_y = head_y + first * layout_y.at[3];
        float* out = copies_y ? scratch + y_at : block_y;
        const int64_t out_stride = copies_y ? padded_width : layout_y.at[3];
        kernels::AttentionMultiply({out, out_stride, scores, score_stride, packed_values,
                                    padded_width, rows.size(), width, seen},
                                   inverse_sum);
        if (copies_y) {
          kernels::AttentionCopyRows(block_y, layout_y.at[3], out, out_stride, rows.size(), width,
                                     width);
        }
      }
    }
  });
}

bool AttentionBackward::Valid() const {
  const auto holds_queries = [&](const auto& operand, const HeadLayout& layout) {
    return HoldsHeads(operand, layout, batch, heads, queries, width);
  };
  const auto holds_keys = [&](const auto& operand, const HeadLayout& layout) {
    return HoldsHeads(operand, layout, batch, heads, keys, width);
  };
  return (!bf16 || HasBf16()) && holds_queries(dq, layout_q) && holds_keys(dk, layout_k) &&
         holds_keys(dv, layout_v) && holds_queries(dy, layout_y) && holds_queries(y, layout_y) &&
         holds_queries(q, layout_q) && holds_keys(k, layout_k) && holds_keys(v, layout_v) &&
         Holds(softmax, Product(2, batch, heads, queries)) &&
         HoldsOrAbsent(key_padding, Product(batch, keys)) && HoldsBias(*this, dbias, parts);
}

void AttentionBackward::Run(Context& context) {
  const int64_t outputs = Product(batch, heads, queries, width);
  if (outputs == 0 && dbias) std::fill_n(dbias.data, parts * BiasCount(*this), 0.0f);
  if (outputs == 0 && Product(batch, heads, keys, width) == 0) return;
  const bool masked = key_padding || causal || bias;
  if (!masked && kernels::IsShortAttention(queries, keys, width)) {
    return ForShortHeads(*this, context, [&](const ShortPlace& at) {
      kernels::ShortAttentionBackward(
          dq + at.q, dk + at.k, dv + at.v, dy + at.y, layout_y.at[3], softmax + at.rows,
          softmax + batch * heads * queries + at.rows, at.head, at.scratch);
    });
  }
  if (bf16 && queries > 0 && keys > 0 && width > 0) return RunBf16(context);
  const int64_t score_stride = ScoreStride(keys);
  const int64_t padded_width = Padded(width);
  const int64_t block_rows = std::min(BlockRows(score_stride), queries);
  const int64_t blocks = queries == 0 ? 0 : CeilDiv(queries, block_rows);
  const bool copies_dq = padded_width != width;
  const int64_t items = batch * heads;
  const BackwardTiles tiles(*this);

  ScratchLayout layout;
  const int64_t transposed_keys_at = layout.Take(width * score_stride);
  const int64_t transposed_values_at = layout.Take(width * score_stride);
  const int64_t keys_at = layout.Take(keys * padded_width);
  const int64_t dk_at = layout.Take(keys * padded_width);
  const int64_t dv_at = layout.Take(keys * padded_width);
  const int64_t padding_at = layout.Take(key_padding ? keys : 0);
  const int64_t p_at = layout.Take(block_rows * score_stride);
  const int64_t ds_at = layout.Take(block_rows * score_stride);
  const int64_t q_at = layout.Take(block_rows * padded_width);
  const int64_t dy_at = layout.Take(block_rows * padded_width);
  const int64_t dq_at = layout.Take(copies_dq ? block_rows * padded_width : 0);
  const int64_t delta_at = layout.Take(block_rows);
  context.ReserveScratch(layout.size());

  context.ParallelFor(tiles.count(), [&](int64_t tile, int worker) {
    float* scratch = context.Scratch(worker);
    float* transposed_keys = scratch + transposed_keys_at;      // (D,M), times scale
    float* transposed_values = scratch + transposed_values_at;  // (D,M)
    float* packed_keys = scratch + keys_at;  // (M,D), as are the sums of dk and dv
    float* sum_dk = scratch + dk_at;
    float* sum_dv = scratch + dv_at;
    float* p = scratch + p_at;           // (block, M)
    float* ds = scratch + ds_at;         // (block, M)
    float* packed_q = scratch + q_at;    // (block, D)
    float* packed_dy = scratch + dy_at;  // (block, D)
    float* delta = scratch + delta_at;

    tiles.ForHeads(tile, [&](int64_t b, int64_t h, float* head_dbias) {
      const int64_t item = b * heads + h;
      const int64_t head_q = HeadOffset(layout_q, b, h);
      const int64_t head_k = HeadOffset(layout_k, b, h);
      const int64_t head_v = HeadOffset(layout_v, b, h);
      const int64_t head_y = HeadOffset(layout_y, b, h);
      kernels::AttentionPackTransposed(transposed_keys, score_stride, k + head_k, layout_k.at[3],
                                       keys, width, scale);
      kernels::AttentionPackTransposed(transposed_values, score_stride, v + head_v, layout_v.at[3],
                                       keys, width, 1);
      kernels::AttentionCopyRows(packed_keys, padded_width, k + head_k, layout_k.at[3], keys, width,
                                 padded_width);
      std::fill_n(sum_dk, keys * padded_width, 0.0f);
      std::fill_n(sum_dv, keys * padded_width, 0.0f);
      if (key_padding) FillPadding(scratch + padding_at, key_padding + b * keys, keys);

      for (int64_t block = 0; block < blocks; ++block) {
        const Range rows(queries, blocks, block);
        const int64_t first = rows.begin;
        const int64_t count = rows.size();
        const int64_t seen = causal ? std::min(keys, rows.end) : keys;
        const AttentionMask mask{key_padding ? scratch + padding_at : nullptr, causal, first};
        kernels::AttentionCopyRows(packed_q, padded_width, q + head_q + first * layout_q.at[3],
                                   layout_q.at[3], count, width, padded_width);
        kernels::AttentionCopyRows(packed_dy, padded_width, dy + head_y + first * layout_y.at[3],
                                   layout_y.at[3], count, width, padded_width);
        kernels::AttentionRowDots(delta, packed_dy, padded_width,
                                  y + head_y + first * layout_y.at[3], layout_y.at[3], count,
                                  width);
        kernels::AttentionMultiply({p, score_stride, packed_q, padded_width, transposed_keys,
                                    score_stride, count, seen, width},
                                   nullptr);
        const Bias block_bias(*this, b, h, first);
        block_bias.AddTo(p, score_stride, count, seen);
        const float* maximum = softmax + item * queries + first;
        kernels::AttentionProbabilities(p, score_stride, maximum, maximum + items * queries, count,
                                        seen, mask);
        kernels::AttentionScoreGradient({ds, score_stride, packed_dy, padded_width,
                                         transposed_values, score_stride, count, seen, width},
                                        p, delta, head_dbias == nullptr ? scale : 1);
        if (head_dbias != nullptr) {
          kernels::AttentionBiasGradient(head_dbias + first * block_bias.row_stride,
                                         block_bias.row_stride, block_bias.key_stride, ds,
                                         score_stride, scale, count, seen);
        }

        float* block_dq = dq + head_q + first * layout_q.at[3];
        float* out = copies_dq ? scratch + dq_at : block_dq;
        const int64_t out_stride = copies_dq ? padded_width : layout_q.at[3];
        kernels::AttentionMultiply(
            {out, out_stride, ds, score_stride, packed_keys, padded_width, count, width, seen},
            nullptr);
        if (copies_dq) {
          kernels::AttentionCopyRows(block_dq, layout_q.at[3], out, out_stride, count, width,
                                     width);
        }
        kernels::AttentionAddTransposed(
            {sum_dk, padded_width, ds, score_stride, packed_q, padded_width, seen, width, count});
        kernels::AttentionAddTransposed(
            {sum_dv, padded_width, p, score_stride, packed_dy, padded_width, seen, width, count});
      }
      kernels::AttentionCopyRows(dk + head_k, layout_k.at[3], sum_dk, padded_width, keys, width,
                                 width);
      kernels::AttentionCopyRows(dv + head_v, layout_v.at[3], sum_dv, padded_width, keys, width,
                                 width);
    });
  });
}

}  // namespace vitrine::ops
