#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// The softmax of attention on a block of queries of one head, with packed scores (see
// attention_product.h).
namespace vitrine::kernels {

// Keys that a query does not see. With padding null and not causal, it sees all.
struct AttentionMask {
  const float* padding;  // packed (keys): 0, or -infinity where the key is ignored
  bool causal;           // row i sees the keys up to first_query + i
  int64_t first_query;
};

// s (rows, keys) += bias, whose rows and keys lie so many floats apart; 0 where one serves all.
extern const PerIsa<void(float* s, int64_t lds, const float* bias, int64_t row_stride,
                         int64_t key_stride, int64_t rows, int64_t keys)>
    AttentionAddBias;

// For ds (rows, keys), the gradient of s + bias: dbias += ds, summed over what the bias serves, and
// ds times scale, the gradient of the products that were scaled.
extern const PerIsa<void(float* dbias, int64_t row_stride, int64_t key_stride, float* ds,
                         int64_t lds, float scale, int64_t rows, int64_t keys)>
    AttentionBiasGradient;

// s (rows, keys) = exp(s - its row's maximum), 0 at keys that the row does not see; times
// inverse_sum (rows) it is the softmax. maximum (rows), of s as it was. A row that sees no key has
// 0 as both.
extern const PerIsa<void(float* s, int64_t lds, float* maximum, float* inverse_sum, int64_t rows,
                         int64_t keys, const AttentionMask& mask)>
    AttentionSoftmax;

// s (rows, keys) = exp(s - maximum) * inverse_sum, 0 at keys that the row does not see.
extern const PerIsa<void(float* s, int64_t lds, const float* maximum, const float* inverse_sum,
                         int64_t rows, int64_t keys, const AttentionMask& mask)>
    AttentionProbabilities;

// Row i of y (rows, columns) times scale[i].
extern const PerIsa<void(float* y, int64_t ldy, const float* scale, int64_t rows, int64_t columns)>
    AttentionScaleRows;

// dp (rows, keys) becomes scale * p * (dp - delta), with rows as p's: the gradient through the
// softmax whose result is p, for delta (rows).
extern const PerIsa<void(float* dp, const float* p, int64_t lds, const float* delta, float scale,
                         int64_t rows, int64_t keys)>
    AttentionScoreGradientRows;

// delta[i] = the dot product of row i of a and of b, (rows, columns) both.
extern const PerIsa<void(float* delta, const float* a, int64_t lda, const float* b, int64_t ldb,
                         int64_t rows, int64_t columns)>
    AttentionRowDots;

}  // namespace vitrine::kernels
