#pragma once

#include <cstdint>

#include "ops/image_filter.h"
#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// No image is longer or wider: the product of two such sides and four channels fits an int64_t.
constexpr int64_t kMostImagePixels = int64_t{1} << 30;

// A part of an image, in pixels.
struct ImageWindow {
  int64_t top, left, height, width;
  bool Within(int64_t rows, int64_t columns) const {
    return top >= 0 && left >= 0 && height >= 1 && width >= 1 && height <= rows - top &&
           width <= columns - left;
  }
  template <class F>
  void Fields(F& f) {
    f(top, left, height, width);
  }
};

// y (h,w,C) = the `kept` part of (out_height,out_width,C), which is the `window` of x (H,W,C)
// resized: along the rows first, then along the columns, rounded to bytes after each, as Pillow. No
// pixel outside the window counts, and none outside the part kept is computed. `between`
// (window.height, w, C) holds what goes from one to the other; it may be absent where only one
// side changes, and for nearest pixels.
struct ImageResize {
  static constexpr const char* kName = "imageResize";
  Out<uint8_t> y;
  OptionalOut<uint8_t> between;
  In<uint8_t> x;
  int64_t channels, height, width;
  ImageWindow window;
  int64_t out_height, out_width;
  ImageWindow kept;
  int filter;
  bool antialias;
  template <class F>
  void Fields(F& f) {
    f(y, between, x, channels, height, width);
    window.Fields(f);
    f(out_height, out_width);
    kept.Fields(f);
    f(filter, antialias);
  }
  bool Valid() const;
  void Run(Context& context);

 private:
  struct Rows;
  void Nearest(Context& context, const uint8_t* from) const;
  void AlongRows(Context& context, uint8_t* to, const Rows& from) const;
  void AlongColumns(Context& context, const FilterTaps& taps, const Rows& from) const;
};

}  // namespace vitrine::ops
