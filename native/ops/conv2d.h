#pragma once

#include "ops/convolution.h"

namespace vitrine::ops {

// y = conv2d(x, weight) + bias (OC), as torch.nn.functional.conv2d.
struct Conv2dForward {
  Out<float> y;
  In<float> x, weight;
  OptionalIn<float> bias;
  OptionalIn<float> kept;  // for tokens: the weight (OC,K) as PackWeight leaves it
  Convolution sizes;
  OP("conv2dForward", y, x, weight, bias, kept, sizes);
  bool Valid() const;
};

// dx, dweight, dbias: those present are computed. dweight and dbias are added to when accumulating,
// else written.
struct Conv2dBackward {
  OptionalOut<float> dx, dweight, dbias;
  In<float> dy, x, weight;
  Convolution sizes;
  bool accumulate_dweight, accumulate_dbias;
  OP("conv2dBackward", dx, dweight, dbias, dy, x, weight, sizes, accumulate_dweight,
     accumulate_dbias);
  bool Valid() const;
};

}  // namespace vitrine::ops
