#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// Attention on one head with so few keys that a row of scores stays in registers. What attention.h
// and attention_product.h do in five calls for a head, and in nine backward, takes longer to call
// than to compute then.
namespace vitrine::kernels {

// (queries, width), (keys, width) and (keys, width), rows so many floats apart.
struct ShortHead {
  const float* q;
  const float* k;
  const float* v;
  int64_t q_stride, k_stride, v_stride;
  int64_t queries, keys, width;
  float scale;
};

// Whether these kernels take so many; without masks, all of them do.
bool IsShortAttention(int64_t queries, int64_t keys, int64_t width) noexcept;

// Floats of scratch that a head needs.
int64_t ShortAttentionScratch(int64_t width) noexcept;

// y (queries, width) = softmax(scale * q k^T) v; and of the rows of scale * q k^T, (queries) each,
// the maximum and 1 / the sum of exponentials less it.
extern const PerIsa<void(float* y, int64_t y_stride, float* maximum, float* inverse_sum,
                         const ShortHead& head, float* scratch)>
    ShortAttentionForward;

// The gradients of the sum of y * dy: dq, dk and dv, with rows as those of q, k and v.
extern const PerIsa<void(float* dq, float* dk, float* dv, const float* dy, int64_t y_stride,
                         const float* maximum, const float* inverse_sum, const ShortHead& head,
                         float* scratch)>
    ShortAttentionBackward;

}  // namespace vitrine::kernels
