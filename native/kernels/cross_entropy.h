#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// torch.nn.functional.cross_entropy(reduction='none'), over logits (rows,C). Smoothing mixes the
// target with 1 / C.
namespace vitrine::kernels {

// A row's softmax is exp(logits - maximum) * inverse_sum. The two are kept apart: as one number,
// maximum + log(sum), they would lose the digits of the sum where the logits are far from 0.
struct SoftmaxRows {
  float* maximum;      // (rows)
  float* inverse_sum;  // (rows)
};
struct ConstSoftmaxRows {
  const float* maximum;
  const float* inverse_sum;
};

// loss and softmax (rows), from labels (rows), each in [0, C) or ignore_index: then all are 0.
extern const PerIsa<void(float* loss, const SoftmaxRows& softmax, const float* logits,
                         const int32_t* labels, int64_t rows, int64_t C, float smoothing,
                         int32_t ignore_index)>
    CrossEntropyForward;

// dlogits (rows,C) = row_scale (softmax - target), with row_scale (rows) the gradient of each row's
// loss. dlogits may be logits.
extern const PerIsa<void(float* dlogits, const float* logits, const ConstSoftmaxRows& softmax,
                         const int32_t* labels, const float* row_scale, int64_t rows, int64_t C,
                         float smoothing, int32_t ignore_index)>
    CrossEntropyBackward;

// The same from target (rows,C), each row a distribution (not required to sum to 1).
extern const PerIsa<void(float* loss, const SoftmaxRows& softmax, const float* logits,
                         const float* target, int64_t rows, int64_t C, float smoothing)>
    CrossEntropySoftForward;
extern const PerIsa<void(float* dlogits, const float* logits, const ConstSoftmaxRows& softmax,
                         const float* target, const float* row_scale, int64_t rows, int64_t C,
                         float smoothing)>
    CrossEntropySoftBackward;

// The targets of a loss in which every class has a weight (C): labels (rows), or where there are
// none distributions (rows,C).
struct WeightedTargets {
  const int32_t* labels;
  const float* target;
  const float* weight;
  int32_t ignore_index;
};

// The same with -sum_c q_c log softmax_c for a loss, where q is the smoothed target times the
// weights.
extern const PerIsa<void(float* loss, const SoftmaxRows& softmax, const float* logits,
                         const WeightedTargets& targets, int64_t rows, int64_t C, float smoothing)>
    CrossEntropyWeightedForward;
extern const PerIsa<void(float* dlogits, const float* logits, const ConstSoftmaxRows& softmax,
                         const WeightedTargets& targets, const float* row_scale, int64_t rows,
                         int64_t C, float smoothing)>
    CrossEntropyWeightedBackward;

}  // namespace vitrine::kernels
