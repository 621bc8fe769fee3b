#pragma once

#include <cstdint>
#include <vector>

#include "ops/image_resize.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// Image `index` of y (N,C,H,W) = (x - offset[c]) / divisor[c], where x (XH,XW,XC) lies with its
// corner at (top,left) of the image, cut off or surrounded by fill[c]. An x of one channel serves
// all C; `mirrored` swaps left and right.
struct ImageNormalize {
  static constexpr const char* kName = "imageNormalize";
  Out<float> y;
  In<uint8_t> x;
  int64_t index, channels, height, width;
  int64_t x_channels, x_height, x_width, top, left;
  std::vector<float> offset, divisor, fill;
  bool mirrored;
  template <class F>
  void Fields(F& f) {
    f(y, x, index, channels, height, width, x_channels, x_height, x_width, top, left, offset,
      divisor, fill, mirrored);
  }
  bool Valid() const;
  void Run(Context& context);

 private:
  void Row(int64_t channel, int64_t row) const;
};

}  // namespace vitrine::ops
