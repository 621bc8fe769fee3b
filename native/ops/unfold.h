#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// A sliding window over an image; all pairs are (height, width).
struct Window {
  int64_t kernel[2], dilation[2], padding[2], stride[2];
  // Number of positions along axis 0 or 1 of an image `size` long.
  int64_t Positions(int axis, int64_t size) const {
    return (size + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis] + 1;
  }
  // Whether the window is one at all and has a position on such an image.
  bool Fits(int64_t height, int64_t width) const;
  FIELDS(kernel[0], kernel[1], dilation[0], dilation[1], padding[0], padding[1], stride[0],
         stride[1]);
};

// columns (N, C*kh*kw, L) = the windows of image (N,C,H,W), as torch.nn.functional.unfold. Its
// backward is Fold.
struct Unfold {
  Out<float> columns;
  In<float> image;
  int64_t batch, channels, height, width;
  Window window;
  OP("unfold", columns, image, batch, channels, height, width, window);
  bool Valid() const;
};

// image (N,C,H,W) = the sum of the windows that cover each pixel, as torch.nn.functional.fold. Its
// backward is Unfold.
struct Fold {
  Out<float> image;
  In<float> columns;
  int64_t batch, channels, height, width;
  Window window;
  OP("fold", image, columns, batch, channels, height, width, window);
  bool Valid() const;
};

// Rows of window positions, of one image.
struct PositionRows {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// The windows of some planes (C,H,W) at some rows of positions, as a matrix (C*kh*kw, rows*OW)
// whose rows lie `stride_columns` apart.
void UnfoldPlanes(float* columns, int64_t stride_columns, const float* planes, int64_t channels,
                  int64_t height, int64_t width, const Window& window, PositionRows rows);

// Adds such a matrix to the planes it would have come from.
void FoldPlanes(float* planes, const float* columns, int64_t stride_columns, int64_t channels,
                int64_t height, int64_t width, const Window& window, PositionRows rows);

}  // namespace vitrine::ops
