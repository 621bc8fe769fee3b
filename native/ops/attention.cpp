#include "ops/attention.h"

#include <algorithm>

#include "kernels/short_attention.h"
#include "ops/attention_heads.h"
#include "ops/attention_tiles.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

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

// Heads of bfloat16 go one way only, where there is something to multiply.
template <class Op>
bool CanBeBf16(const Op& op) {
  return !op.q.bf16 || (op.bf16 && op.queries > 0 && op.keys > 0 && op.width > 0);
}

// One head: where it begins in the operands (rows, in softmax), and what its kernel takes.
struct ShortPlace {
  int64_t q, k, v, y, rows;
  kernels::ShortHead head;
  float* scratch;
};

template <class Op, class Body>
void ForShortHeads(const Op& op, Context& context, const Body& body) {
  const int64_t heads_per_tile = ShortHeadsPerTile(op.queries, op.keys, op.width);
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
                at.head = {.q = op.q.floats() + at.q,
                           .k = op.k.floats() + at.k,
                           .v = op.v.floats() + at.v,
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
  return CanBeBf16(*this) && AreAlike(y, q, k, v) &&
         HoldsHeads(y, layout_y, batch, heads, queries, width) &&
         HoldsHeads(q, layout_q, batch, heads, queries, width) &&
         HoldsHeads(k, layout_k, batch, heads, keys, width) &&
         HoldsHeads(v, layout_v, batch, heads, keys, width) &&
         Holds(softmax, Product(2, batch, heads, queries)) &&
         HoldsOrAbsent(key_padding, Product(batch, keys)) && HoldsBias(*this, {}, 0);
}

void AttentionForward::Run(Context& context) {
  if (Product(batch, heads, queries, width) == 0) return;
  const bool masked = key_padding || causal || bias;
  if (!q.bf16 && !masked && kernels::IsShortAttention(queries, keys, width)) {
    return ForShortHeads(*this, context, [&](const ShortPlace& at) {
      kernels::ShortAttentionForward(y.floats() + at.y, layout_y.at[3], softmax + at.rows,
                                     softmax + batch * heads * queries + at.rows, at.head,
                                     at.scratch);
    });
  }
  if (bf16 && queries > 0 && keys > 0 && width > 0) return RunBf16(context);
  RunFp32(context);
}

bool AttentionBackward::Valid() const {
  const auto holds_queries = [&](const auto& operand, const HeadLayout& layout) {
    return HoldsHeads(operand, layout, batch, heads, queries, width);
  };
  const auto holds_keys = [&](const auto& operand, const HeadLayout& layout) {
    return HoldsHeads(operand, layout, batch, heads, keys, width);
  };
  return CanBeBf16(*this) && AreAlike(q, k, v, y, dy, dq, dk, dv) && holds_queries(dq, layout_q) &&
         holds_keys(dk, layout_k) && holds_keys(dv, layout_v) && holds_queries(dy, layout_y) &&
         holds_queries(y, layout_y) && holds_queries(q, layout_q) && holds_keys(k, layout_k) &&
         holds_keys(v, layout_v) && Holds(softmax, Product(2, batch, heads, queries)) &&
         HoldsOrAbsent(key_padding, Product(batch, keys)) && HoldsBias(*this, dbias, parts);
}

void AttentionBackward::Run(Context& context) {
  const int64_t outputs = Product(batch, heads, queries, width);
  if (outputs == 0 && dbias) std::fill_n(dbias.data, parts * BiasCount(*this), 0.0f);
  if (outputs == 0 && Product(batch, heads, keys, width) == 0) return;
  const bool masked = key_padding || causal || bias;
  if (!q.bf16 && !masked && kernels::IsShortAttention(queries, keys, width)) {
    return ForShortHeads(*this, context, [&](const ShortPlace& at) {
      kernels::ShortAttentionBackward(dq.floats() + at.q, dk.floats() + at.k, dv.floats() + at.v,
                                      dy.floats() + at.y, layout_y.at[3], softmax + at.rows,
                                      softmax + batch * heads * queries + at.rows, at.head,
                                      at.scratch);
    });
  }
  if (bf16 && queries > 0 && keys > 0 && width > 0) return RunBf16(context);
  RunFp32(context);
}

}  // namespace vitrine::ops
