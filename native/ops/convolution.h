#pragma once

#include "ops/op.h"
#include "ops/unfold.h"

namespace vitrine::ops {

// The sizes of a convolution of x (N,C,H,W) by weight (OC,C/groups,kh,kw) to y (N,OC,OH,OW). As
// `tokens` y is (N,L,OC), with L = OH*OW, and the windows are patches, of one group. `bf16`:
// whether the products read their factors rounded to bfloat16.
struct Convolution {
  int64_t batch, channels, height, width, out_channels, groups;
  Window window;
  bool tokens, bf16;
  FIELDS(batch, channels, height, width, out_channels, groups, window, tokens, bf16);
  bool Valid() const;

  // Whether the windows are the image itself.
  bool IsPointwise() const;
  // Whether they are patches: they lie side by side and share no pixel.
  bool IsPatches() const;

  int64_t area() const { return window.kernel[0] * window.kernel[1]; }
  int64_t plane() const { return height * width; }
  int64_t rows() const { return window.Positions(0, height); }    // OH
  int64_t columns() const { return window.Positions(1, width); }  // OW
  int64_t positions() const { return rows() * columns(); }        // L
  int64_t group_channels() const { return channels / groups; }    // C of a group
  int64_t group_out() const { return out_channels / groups; }     // OC of a group
  int64_t depth() const { return group_channels() * area(); }     // K of a group

  int64_t ImageCount() const { return Product(batch, channels, height, width); }
  int64_t OutputCount() const { return Product(batch, out_channels, rows(), columns()); }
  int64_t WeightCount() const {
    return Product(out_channels, group_channels(), window.kernel[0], window.kernel[1]);
  }
};

// What forward goes by; `bias` may be null, and so may `kept`, the weight packed before.
struct ConvolutionOperands {
  float* y;
  const float *x, *weight, *bias, *kept;
};

// A way to compute it, with its gradients.
struct ConvolutionRoute {
  void (*forward)(Context& context, const Convolution& of, const ConvolutionOperands& operands);
  void (*backward_input)(Context& context, const Convolution& of, float* dx, const float* dy,
                         const float* weight);
  void (*backward_weight)(Context& context, const Convolution& of, float* dweight, const float* dy,
                          const float* x, bool accumulate);
};

// ops/windows.cpp: any windows are unfolded a tile at a time, and multiplied there.
extern const ConvolutionRoute kByWindows;
// ops/patches.cpp: each pixel of a patch is copied once, and all are one product.
extern const ConvolutionRoute kByPatches;

}  // namespace vitrine::ops
