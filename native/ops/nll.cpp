#include "ops/nll.h"

#include <algorithm>
#include <string>

namespace vitrine::ops {

// One element of each row: too little to share out.
void NllForward::Run(Context& context) {
  for (int64_t i = 0; i < Product(batch, positions); ++i) {
    const int32_t label = labels[i];
    if (label == ignore_index) {
      loss[i] = weights[i] = 0;
      continue;
    }
    if (label < 0 || label >= classes) {
      context.Fail("Expected class labels from 0 to " + std::to_string(classes - 1) +
                       " for nllLoss but received " + std::to_string(label) + " at index " +
                       std::to_string(i) + ". Check the labels, or the number of classes.",
                   site);
      return;
    }
    weights[i] = weight != nullptr ? weight[label] : 1.0f;
    loss[i] = -weights[i] * x[(i / positions * classes + label) * positions + i % positions];
  }
}

void NllBackward::Run(Context&) {
  std::fill_n(dx.data, Product(batch, classes, positions), 0.0f);
  for (int64_t i = 0; i < Product(batch, positions); ++i) {
    // The forward checked the labels; they may have been overwritten since.
    const int32_t label = labels[i];
    if (label < 0 || label >= classes) continue;
    dx[(i / positions * classes + label) * positions + i % positions] = -weights[i] * dloss[i];
  }
}

}  // namespace vitrine::ops
