#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// How the planes of images are read at other sizes; all pairs are (height, width). `scale` is the
// distance of two results, in elements of what is read.
struct Interpolation {
  int64_t size[2], result[2];
  float scale[2];
  bool linear;         // between elements, or the element before
  bool align_corners;  // whether the middles of the corners are the same, or the edges
  FIELDS(size[0], size[1], result[0], result[1], scale[0], scale[1], linear, align_corners);
  // Whether planes of these sizes are held, and none is read of which there is nothing.
  bool Fits(int64_t planes, size_t count, size_t result_count) const {
    const int64_t read = Product(size[0], size[1]), made = Product(result[0], result[1]);
    const int64_t from = Product(planes, read), to = Product(planes, made);
    return read > 0 && made >= 0 && from >= 0 && to >= 0 && static_cast<size_t>(from) <= count &&
           static_cast<size_t>(to) <= result_count;
  }
};

// y (planes, OH, OW) = x (planes, H, W), as torch.nn.functional.interpolate's 'nearest' and
// 'bilinear'.
struct InterpolateForward {
  Out<float> y;
  In<float> x;
  int64_t planes;
  Interpolation grid;
  OP("interpolateForward", y, x, planes, grid);
  bool Valid() const { return Holds(y, 0) && Holds(x, 0) && grid.Fits(planes, x.count, y.count); }
};

// dx (planes, H, W), written.
struct InterpolateBackward {
  Out<float> dx;
  In<float> dy;
  int64_t planes;
  Interpolation grid;
  OP("interpolateBackward", dx, dy, planes, grid);
  bool Valid() const {
    return Holds(dx, 0) && Holds(dy, 0) && grid.Fits(planes, dx.count, dy.count);
  }
};

}  // namespace vitrine::ops
