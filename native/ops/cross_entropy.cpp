#include "ops/cross_entropy.h"

#include <algorithm>
#include <optional>
#include <string>

#include "kernels/cross_entropy.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// What the mean is over: the weights of the labels that are not ignored, each 1 where there are
// none, or all rows. Nothing when a label is out of range, which fails the command.
std::optional<double> SumOfWeights(Context& context, const int32_t* labels, const float* weight,
                                   int64_t rows, int64_t classes, int32_t ignore_index,
                                   uint32_t site) {
  if (labels == nullptr) return static_cast<double>(rows);
  double counted = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (labels[row] == ignore_index) continue;
    if (labels[row] < 0 || labels[row] >= classes) {
      context.Fail("Expected class labels from 0 to " + std::to_string(classes - 1) +
                       " for crossEntropy but received " + std::to_string(labels[row]) +
                       " at index " + std::to_string(row) +
                       ". Check the labels, or give the model as many classes as the data set has.",
                   site);
      return std::nullopt;
    }
    counted += weight != nullptr ? weight[labels[row]] : 1;
  }
  return counted;
}

// The targets from a row on.
template <class Op>
kernels::WeightedTargets From(const Op& op, int64_t row) {
  const bool soft = op.labels == nullptr;
  return {soft ? nullptr : op.labels + row, soft ? op.target + row * op.classes : nullptr,
          op.weight, op.ignore_index};
}

}  // namespace

void CrossEntropyForward::Run(Context& context) {
  const auto counted = SumOfWeights(context, labels, weight, rows, classes, ignore_index, site);
  if (!counted) return;
  const bool reduced = static_cast<Reduction>(reduction) != Reduction::kNone;
  float* losses = reduced ? context.SharedScratch(std::max<int64_t>(1, rows)) : loss.data;
  ForRows(context, rows, classes, [&](int64_t row, int64_t n) {
    const float* tile = logits + row * classes;
    const kernels::SoftmaxRows place{softmax + row, softmax + rows + row};
    if (weight != nullptr) {
      kernels::CrossEntropyWeightedForward(losses + row, place, tile, From(*this, row), n, classes,
                                           smoothing);
    } else if (labels != nullptr) {
      kernels::CrossEntropyForward(losses + row, place, tile, labels + row, n, classes, smoothing,
                                   ignore_index);
    } else {
      kernels::CrossEntropySoftForward(losses + row, place, tile, target + row * classes, n,
                                       classes, smoothing);
    }
  });
  if (!reduced) return;
  double sum = 0;
  for (int64_t row = 0; row < rows; ++row) sum += losses[row];
  // With no row that counts the mean is NaN, as PyTorch's.
  const bool mean = static_cast<Reduction>(reduction) == Reduction::kMean;
  loss[0] = static_cast<float>(mean ? sum / *counted : sum);
}

void CrossEntropyBackward::Run(Context& context) {
  // The forward checked the labels; they may have been overwritten since.
  const auto counted = SumOfWeights(context, labels, weight, rows, classes, ignore_index, 0);
  if (!counted) return;
  const float* row_scale = dloss;
  if (static_cast<Reduction>(reduction) != Reduction::kNone) {
    const bool mean = static_cast<Reduction>(reduction) == Reduction::kMean;
    float* scales = context.SharedScratch(std::max<int64_t>(1, rows));
    std::fill_n(scales, rows, mean ? dloss[0] / static_cast<float>(*counted) : dloss[0]);
    row_scale = scales;
  }
  ForRows(context, rows, classes, [&](int64_t row, int64_t n) {
    const int64_t at = row * classes;
    const kernels::ConstSoftmaxRows place{softmax + row, softmax + rows + row};
    if (weight != nullptr) {
      kernels::CrossEntropyWeightedBackward(dlogits + at, logits + at, place, From(*this, row),
                                            row_scale + row, n, classes, smoothing);
    } else if (labels != nullptr) {
      kernels::CrossEntropyBackward(dlogits + at, logits + at, place, labels + row, row_scale + row,
                                    n, classes, smoothing, ignore_index);
    } else {
      kernels::CrossEntropySoftBackward(dlogits + at, logits + at, place, target + at,
                                        row_scale + row, n, classes, smoothing);
    }
  });
}

}  // namespace vitrine::ops
