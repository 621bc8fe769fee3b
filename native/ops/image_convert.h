#pragma once

#include <cstdint>

#include "ops/image_resize.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

enum class ImageConversion : int { kGreyFromRgb, kRgbFromCmyk };

// y (pixels,1 or 3) = x (pixels,3 or 4) in other colours, as PIL.Image.convert.
struct ImageConvert {
  static constexpr const char* kName = "imageConvert";
  Out<uint8_t> y;
  In<uint8_t> x;
  int64_t pixels;
  int conversion;
  template <class F>
  void Fields(F& f) {
    f(y, x, pixels, conversion);
  }
  bool Valid() const;
  void Run(Context& context);
};

}  // namespace vitrine::ops
