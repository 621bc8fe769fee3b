#pragma once

#include <cstdint>
#include <vector>

#include "kernels/image_resize.h"

namespace vitrine::ops {

// By the numbers of PIL.Image.Resampling.
enum class ImageFilter : int { kNearest, kLanczos, kBilinear, kBicubic, kBox, kHamming };
constexpr int kImageFilters = 6;

// What each output in [begin, end) of `out` along one axis is made of, as Pillow's
// precompute_coeffs. With `antialias`, a filter is widened by as much as the axis is shortened;
// without, it keeps its own width: for kBilinear, torch.nn.functional.interpolate's.
class FilterTaps {
 public:
  FilterTaps(ImageFilter filter, bool antialias, int64_t in, int64_t out, int64_t begin,
             int64_t end);

  const kernels::Taps* data() const { return taps_.data(); }
  const kernels::Taps& operator[](int64_t i) const { return taps_[i]; }
  // The range of inputs that any of them uses.
  int64_t first() const { return taps_.front().first; }
  int64_t last() const { return taps_.back().first + taps_.back().count; }

 private:
  std::vector<int32_t> weights_;
  std::vector<kernels::Taps> taps_;
};

// The input nearest to each output in [0, end), as Pillow's ImagingScaleAffine: positions are
// summed up, so that ties fall as they do there.
std::vector<int64_t> NearestInputs(int64_t in, int64_t out, int64_t end);

}  // namespace vitrine::ops
