#pragma once

#include <cstdint>

#include "runtime/context.h"

// Convolutions whose stride is their kernel: the windows are disjoint patches, so each pixel is
// copied once, in runs of the patch's width, and the convolution is one product of patches (N*L,
// C*kh*kw) with weight (OC, C*kh*kw).
namespace vitrine::ops {

struct PatchProduct {
  int64_t batch, channels, height, width, kernel_height, kernel_width, out_channels;
  bool tokens;        // y is (N,L,OC), else (N,OC,L)
  bool bf16 = false;  // whether tokens' products read their factors rounded to bfloat16

  int64_t positions() const { return (height / kernel_height) * (width / kernel_width); }  // L
  int64_t rows() const { return batch * positions(); }
  int64_t depth() const { return channels * kernel_height * kernel_width; }

  // y = patches of x (N,C,H,W) by weight, + bias (OC) unless null.
  void Forward(Context& context, float* y, const float* x, const float* weight,
               const float* bias) const;
  // dx, zero where no patch reaches.
  void BackwardInput(Context& context, float* dx, const float* dy, const float* weight) const;
  void BackwardWeight(Context& context, float* dweight, const float* dy, const float* x,
                      bool accumulate) const;
};

}  // namespace vitrine::ops
