#pragma once

#include <cstdint>

#include "ops/unfold.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y (N,OC,OH,OW) = conv2d(x (N,C,H,W), weight (OC,C/groups,kh,kw)) + bias (OC), as
// torch.nn.functional.conv2d.
struct Conv2dForward {
  static constexpr const char* kName = "conv2dForward";
  Out<float> y;
  In<float> x, weight;
  OptionalIn<float> bias;
  int64_t batch, channels, height, width, out_channels, groups;
  Window window;
  template <class F>
  void Fields(F& f) {
    f(y, x, weight, bias, batch, channels, height, width, out_channels, groups);
    window.Fields(f);
  }
  bool Valid() const;
  void Run(Context& context);
};

// dx, dweight, dbias: those present are computed. dweight and dbias are added to when accumulating,
// else written.
struct Conv2dBackward {
  static constexpr const char* kName = "conv2dBackward";
  OptionalOut<float> dx, dweight, dbias;
  In<float> dy, x, weight;
  int64_t batch, channels, height, width, out_channels, groups;
  Window window;
  bool accumulate_dweight, accumulate_dbias;
  template <class F>
  void Fields(F& f) {
    f(dx, dweight, dbias, dy, x, weight, batch, channels, height, width, out_channels, groups);
    window.Fields(f);
    f(accumulate_dweight, accumulate_dbias);
  }
  bool Valid() const;
  void Run(Context& context);
};

// The convolution whose stride is its kernel, and its result as tokens: y (N,L,OC) = patches of x
// (N,C,H,W) by weight (OC,C*kh*kw), + bias. No window overlaps, so each pixel is read once,
// straight into the product's tile.
struct PatchEmbedForward {
  static constexpr const char* kName = "patchEmbedForward";
  Out<float> y;
  In<float> x, weight;
  OptionalIn<float> bias;
  int64_t batch, channels, height, width, kernel_height, kernel_width, out_channels;
  bool bf16;  // whether the product reads its factors rounded to bfloat16
  template <class F>
  void Fields(F& f) {
    f(y, x, weight, bias, batch, channels, height, width, kernel_height, kernel_width, out_channels,
      bf16);
  }
  bool Valid() const;
  void Run(Context& context);
};

struct PatchEmbedBackward {
  static constexpr const char* kName = "patchEmbedBackward";
  OptionalOut<float> dx, dweight, dbias;  // those present are computed
  In<float> dy, x, weight;
  int64_t batch, channels, height, width, kernel_height, kernel_width, out_channels;
  bool accumulate_dweight, accumulate_dbias;
  bool bf16;  // as in the forward
  template <class F>
  void Fields(F& f) {
    f(dx, dweight, dbias, dy, x, weight, batch, channels, height, width, kernel_height,
      kernel_width, out_channels, accumulate_dweight, accumulate_dbias, bf16);
  }
  bool Valid() const;
  void Run(Context& context);
};

}  // namespace vitrine::ops
