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

using kernels::AttentionMask;
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

}  // namespace

void AttentionForward::RunBf16(Context& context) {
  const int64_t score_stride = ScoreStride(keys);
  const int64_t block_rows = BlockRowsBf16(score_stride, queries);
  const int64_t items = batch * heads;
  const int64_t groups = CeilDiv(items, HeadsPerTile(queries, keys, width));
  const int64_t parts = QueryParts(items, groups, queries);

  ScratchLayout layout;
  const int64_t keys_at = layout.Take(keys * width);
  const int64_t padding_at = layout.Take(key_padding ? keys : 0);
  const int64_t scores_at = layout.Take(block_rows * score_stride);
  const int64_t product_at = layout.Take(ProductScratch(block_rows, keys, width));
  context.ReserveScratch(layout.size());

  context.ParallelFor(groups * parts, [&](int64_t tile, int worker) {
    float* scratch = context.Scratch(worker);
    float* scaled_keys = scratch + keys_at;  // (M,D)
    float* scores = scratch + scores_at;     // (block, M)
    float* product = scratch + product_at;
    const Range group(items, groups, tile / parts);
    const Range part(queries, parts, tile % parts);
    const int64_t blocks = CeilDiv(part.size(), block_rows);

    for (int64_t item = group.begin; item < group.end; ++item) {
      const int64_t b = item / heads;
      const int64_t h = item % heads;
      const float* head_v = v + HeadOffset(layout_v, b, h);
      kernels::AttentionScaleCopy(scaled_keys, k + HeadOffset(layout_k, b, h), layout_k.at[3], keys,
                                  width, scale);
      if (key_padding) FillPadding(scratch + padding_at, key_padding + b * keys, keys);

      for (int64_t block = 0; block < blocks; ++block) {
        const Range rows(part.size(), blocks, block);
        const int64_t first = part.begin + rows.begin;
        const int64_t count = rows.size();
        const int64_t seen = causal ? std::min(keys, first + count) : keys;
        const AttentionMask mask{key_padding ? scratch + padding_at : nullptr, causal, first};
        const float* block_q = q + HeadOffset(layout_q, b, h) + first * layout_q.at[3];
        float* block_y = y + HeadOffset(layout_y, b, h) + first * layout_y.at[3];
        Multiply(scores, score_stride, count, seen, width, Rows(block_q, layout_q.at[3]),
                 Columns(scaled_keys, width), false, product);
        Bias(*this, b, h, first).AddTo(scores, score_stride, count, seen);
        float* maximum = softmax + item * queries + first;
        float* inverse_sum = maximum + items * queries;
        kernels::AttentionSoftmax(scores, score_stride, maximum, inverse_sum, count, seen, mask);
        Multiply(block_y, layout_y.at[3], count, width, seen, Rows(scores, score_stride),
                 Rows(head_v, layout_v.at[3]), false, product);
        kernels::AttentionScaleRows(block_y, layout_y.at[3], inverse_sum, count, width);
      }
    }
  });
}

void AttentionBackward::RunBf16(Context& context) {
  const int64_t score_stride = ScoreStride(keys);
  const int64_t block_rows = BlockRowsBf16(score_stride, queries);
  const int64_t blocks = CeilDiv(queries, block_rows);
  const int64_t items = batch * heads;
  const BackwardTiles tiles(*this);

  ScratchLayout layout;
  const int64_t keys_at = layout.Take(keys * width);
  const int64_t padding_at = layout.Take(key_padding ? keys : 0);
  const int64_t p_at = layout.Take(block_rows * score_stride);
  const int64_t ds_at = layout.Take(block_rows * score_stride);
  const int64_t delta_at = layout.Take(block_rows);
  const int64_t product_at = layout.Take(ProductScratch(block_rows, keys, width));
  context.ReserveScratch(layout.size());

  context.ParallelFor(tiles.count(), [&](int64_t tile, int worker) {
    float* scratch = context.Scratch(worker);
    float* scaled_keys = scratch + keys_at;  // (M,D)
    float* p = scratch + p_at;               // (block, M)
    float* ds = scratch + ds_at;             // (block, M), first the gradient of p
    float* delta = scratch + delta_at;
    float* product = scratch + product_at;

    tiles.ForHeads(tile, [&](int64_t b, int64_t h, float* head_dbias) {
      const int64_t item = b * heads + h;
      const PackedSource head_k = Rows(k + HeadOffset(layout_k, b, h), layout_k.at[3]);
      const float* head_v = v + HeadOffset(layout_v, b, h);
      float* head_dk = dk + HeadOffset(layout_k, b, h);
      float* head_dv = dv + HeadOffset(layout_v, b, h);
      kernels::AttentionScaleCopy(scaled_keys, head_k.data, head_k.stride, keys, width, scale);
      if (key_padding) FillPadding(scratch + padding_at, key_padding + b * keys, keys);
      if (causal) {  // not every block reaches every key
        for (int64_t key = 0; key < keys; ++key) {
          std::fill_n(head_dk + key * layout_k.at[3], width, 0.0f);
          std::fill_n(head_dv + key * layout_v.at[3], width, 0.0f);
        }
      }

      for (int64_t block = 0; block < blocks; ++block) {
        const Range rows(queries, blocks, block);
        const int64_t first = rows.begin;
        const int64_t count = rows.size();
        const int64_t seen = causal ? std::min(keys, rows.end) : keys;
        const bool accumulate = causal || block > 0;
        const AttentionMask mask{key_padding ? scratch + padding_at : nullptr, causal, first};
        const int64_t q_at = HeadOffset(layout_q, b, h) + first * layout_q.at[3];
        const int64_t y_at = HeadOffset(layout_y, b, h) + first * layout_y.at[3];
        const PackedSource block_q = Rows(q + q_at, layout_q.at[3]);
        const PackedSource block_dy = Rows(dy + y_at, layout_y.at[3]);

        Multiply(p, score_stride, count, seen, width, block_q, Columns(scaled_keys, width), false,
                 product);
        const Bias block_bias(*this, b, h, first);
        block_bias.AddTo(p, score_stride, count, seen);
        const float* maximum = softmax + item * queries + first;
        kernels::AttentionProbabilities(p, score_stride, maximum, maximum + items * queries, count,
                                        seen, mask);
        Multiply(ds, score_stride, count, seen, width, block_dy, Columns(head_v, layout_v.at[3]),
                 false, product);
        // That is y dy, of the factors as they were rounded.
        kernels::AttentionRowDots(delta, p, score_stride, ds, score_stride, count, seen);
        kernels::AttentionScoreGradientRows(ds, p, score_stride, delta,
                                            head_dbias == nullptr ? scale : 1, count, seen);
        if (head_dbias != nullptr) {
          kernels::AttentionBiasGradient(head_dbias + first * block_bias.row_stride,
                                         block_bias.row_stride, block_bias.key_stride, ds,
                                         score_stride, scale, count, seen);
        }

        Multiply(dq + q_at, layout_q.at[3], count, width, seen, Rows(ds, score_stride), head_k,
                 false, product);
        Multiply(head_dk, layout_k.at[3], seen, width, count, Columns(ds, score_stride), block_q,
                 accumulate, product);
        Multiply(head_dv, layout_v.at[3], seen, width, count, Columns(p, score_stride), block_dy,
                 accumulate, product);
      }
    });
  });
}

}  // namespace vitrine::ops
