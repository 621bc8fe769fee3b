#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ops/image_filter.h"
#include "ops/op.h"

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
  FIELDS(top, left, height, width);
};

// Decoded bytes (height,width,channels) in memory of their own.
struct Pixels {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> bytes;
};

// The `kept` part of (out_height,out_width), which is the `window` of an image resized.
struct ResizePlan {
  ImageWindow window;
  int64_t out_height, out_width;
  ImageWindow kept;
  ImageFilter filter;
  bool antialias;
  // Whether both sides change, one after the other.
  bool Twice() const {
    return out_height != window.height && out_width != window.width &&
           filter != ImageFilter::kNearest;
  }
};

// Resizes x (.,width,channels) by a plan: along the rows first, then along the columns, rounded to
// bytes after each, as Pillow. No pixel outside the window counts, and none outside the part kept
// is computed. Rows are made in any order and grouping, by whoever shares them out.
class Resampler {
 public:
  Resampler(const ResizePlan& plan, const uint8_t* x, int64_t width, int64_t channels);

  // Rows that are resized sideways, (between_rows,kept.width,channels), before the result is made
  // of them; none where one pass does it all.
  int64_t between_rows() const { return between_rows_; }
  // What each caller of a pass needs of its own.
  int64_t scratch_bytes() const { return scratch_bytes_; }
  void Between(uint8_t* between, int64_t begin, int64_t end, uint8_t* scratch) const;
  // Rows [begin, end) of y (kept.height,kept.width,channels).
  void Result(uint8_t* y, const uint8_t* between, int64_t begin, int64_t end,
              uint8_t* scratch) const;

 private:
  void AlongRows(uint8_t* y, const uint8_t* from, int64_t begin, int64_t end,
                 uint8_t* scratch) const;
  void Nearest(uint8_t* y, int64_t begin, int64_t end) const;

  ResizePlan plan_;
  int64_t channels_, stride_, out_bytes_;     // the strides of x's rows and of those that come out
  const uint8_t* from_;                       // the window's first byte
  std::optional<FilterTaps> rows_, columns_;  // of a row's pixels, and of a column's
  std::vector<int64_t> nearest_rows_, nearest_columns_;
  int64_t between_rows_ = 0, scratch_bytes_ = 0;
};

// All of it, serially.
Pixels Resized(const uint8_t* x, int64_t width, int64_t channels, const ResizePlan& plan);

}  // namespace vitrine::ops
