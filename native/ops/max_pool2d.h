#pragma once

#include "ops/op.h"
#include "ops/unfold.h"

namespace vitrine::ops {

// y (planes, OH, OW) = the largest element of each window of x (planes, H, W), NaN above all;
// `index` says where in its plane it lies, the first of equals. Padding is never chosen: a window
// of nothing else gives -infinity and index -1.
struct MaxPool2dForward {
  Out<float> y;
  Out<int32_t> index;
  In<float> x;
  int64_t planes, height, width;
  Window window;
  OP("maxPool2dForward", y, index, x, planes, height, width, window);
  bool Valid() const;
};

// dx (planes, H*W)[index] += dy (planes, OH*OW), zeroed first.
struct MaxPool2dBackward {
  Out<float> dx;
  In<float> dy;
  In<int32_t> index;
  int64_t planes, plane_size, positions;
  OP("maxPool2dBackward", dx, dy, index, planes, plane_size, positions);
  bool Valid() const {
    return Holds(dx, Product(planes, plane_size)) && Holds(dy, Product(planes, positions)) &&
           Holds(index, Product(planes, positions));
  }
};

}  // namespace vitrine::ops
