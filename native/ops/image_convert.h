#pragma once

#include "ops/image_resize.h"
#include "ops/op.h"

namespace vitrine::ops {

enum class ImageConversion : int { kGreyFromRgb, kRgbFromCmyk };

// y (pixels,1 or 3) = x (pixels,3 or 4) in other colours, as PIL.Image.convert.
struct ImageConvert {
  Out<uint8_t> y;
  In<uint8_t> x;
  int64_t pixels;
  int conversion;
  OP("imageConvert", y, x, pixels, conversion);
  bool Valid() const;
};

}  // namespace vitrine::ops
