#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// loss[i] = -weight[label] * x[label], as torch.nn.functional.nll_loss without reduction, for
// labels (batch, positions) and x (batch, classes, positions); 0 where the label is ignore_index.
// `weights` takes each label's weight. A label that is neither fails the command, naming `site`.
struct NllForward {
  Out<float> loss, weights;  // (batch, positions)
  In<float> x;               // (batch, classes, positions)
  In<int32_t> labels;        // (batch, positions)
  OptionalIn<float> weight;  // (classes)
  int64_t batch, classes, positions;
  int32_t ignore_index;
  uint32_t site;
  OP("nllForward", loss, weights, x, labels, weight, batch, classes, positions, ignore_index, site);
  bool Valid() const {
    return Holds(loss, Product(batch, positions)) && Holds(weights, Product(batch, positions)) &&
           Holds(x, Product(batch, classes, positions)) &&
           Holds(labels, Product(batch, positions)) && HoldsOrAbsent(weight, classes) &&
           classes >= 0;
  }
};

// dx = -weights * dy at each label, 0 elsewhere.
struct NllBackward {
  Out<float> dx;             // (batch, classes, positions)
  In<float> dloss, weights;  // (batch, positions)
  In<int32_t> labels;        // (batch, positions)
  int64_t batch, classes, positions;
  OP("nllBackward", dx, dloss, weights, labels, batch, classes, positions);
  bool Valid() const {
    return Holds(dx, Product(batch, classes, positions)) &&
           Holds(dloss, Product(batch, positions)) && Holds(weights, Product(batch, positions)) &&
           Holds(labels, Product(batch, positions)) && classes >= 0;
  }
};

}  // namespace vitrine::ops
