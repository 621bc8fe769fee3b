#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// The numbers are lib/native.ts's.
enum class Reduction : int32_t { kNone = 0, kMean = 1, kSum = 2 };

// Softmax and negative log-likelihood in one, as torch.nn.functional.cross_entropy: targets are
// class indices
// (`labels`) or probabilities (`target`), one of the two present. The mean is over the labels'
// weights, or the rows. A label that is neither a class nor ignore_index fails the command, naming
// `site`.
struct CrossEntropyForward {
  Out<float> loss;             // (1), or (rows) without reduction
  Out<float> softmax;          // (2, rows) for backward: see kernels::SoftmaxRows
  In<float> logits;            // (rows, classes)
  OptionalIn<int32_t> labels;  // (rows)
  OptionalIn<float> target;    // (rows, classes)
  OptionalIn<float> weight;    // (classes)
  int64_t rows, classes;
  float smoothing;
  int32_t ignore_index, reduction;
  uint32_t site;
  OP("crossEntropyForward", loss, softmax, logits, labels, target, weight, rows, classes, smoothing,
     ignore_index, reduction, site);
  bool Valid() const {
    const bool none = reduction == static_cast<int32_t>(Reduction::kNone);
    return Holds(loss, none ? rows : 1) && Holds(softmax, Product(2, rows)) &&
           Holds(logits, Product(rows, classes)) && HoldsOrAbsent(weight, classes) &&
           (labels != nullptr ? Holds(labels, rows) : Holds(target, Product(rows, classes)));
  }
};

struct CrossEntropyBackward {
  Out<float> dlogits;          // (rows, classes)
  In<float> dloss;             // (1), or (rows) without reduction
  In<float> softmax;           // (2, rows)
  In<float> logits;            // (rows, classes)
  OptionalIn<int32_t> labels;  // (rows)
  OptionalIn<float> target;    // (rows, classes)
  OptionalIn<float> weight;    // (classes)
  int64_t rows, classes;
  float smoothing;
  int32_t ignore_index, reduction;
  OP("crossEntropyBackward", dlogits, dloss, softmax, logits, labels, target, weight, rows, classes,
     smoothing, ignore_index, reduction);
  bool Valid() const {
    const bool none = reduction == static_cast<int32_t>(Reduction::kNone);
    return Holds(dlogits, Product(rows, classes)) && Holds(dloss, none ? rows : 1) &&
           Holds(softmax, Product(2, rows)) && Holds(logits, Product(rows, classes)) &&
           HoldsOrAbsent(weight, classes) &&
           (labels != nullptr ? Holds(labels, rows) : Holds(target, Product(rows, classes)));
  }
};

}  // namespace vitrine::ops
