#pragma once

#include "ops/image_resample.h"
#include "ops/op.h"

namespace vitrine::ops {

// y (h,w,C) = the `kept` part of (out_height,out_width,C), which is the `window` of x (H,W,C)
// resized. `between` (window.height, w, C) holds what goes from one pass to the other; it may be
// absent where only one side changes, and for nearest pixels.
struct ImageResize {
  Out<uint8_t> y;
  OptionalOut<uint8_t> between;
  In<uint8_t> x;
  int64_t channels, height, width;
  ImageWindow window;
  int64_t out_height, out_width;
  ImageWindow kept;
  int filter;
  bool antialias;
  OP("imageResize", y, between, x, channels, height, width, window, out_height, out_width, kept,
     filter, antialias);
  bool Valid() const;

 private:
  ResizePlan Plan() const {
    return {window, out_height, out_width, kept, static_cast<ImageFilter>(filter), antialias};
  }
};

}  // namespace vitrine::ops
