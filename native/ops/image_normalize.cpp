#include "ops/image_normalize.h"

#include <algorithm>

#include "kernels/image_normalize.h"
#include "ops/ranges.h"

namespace vitrine::ops {

bool ImageNormalize::Valid() const {
  for (const int64_t size : {height, width, x_height, x_width}) {
    if (size < 1 || size > kMostImagePixels) return false;
  }
  for (const int64_t at : {top, left}) {
    if (at < -kMostImagePixels || at > kMostImagePixels) return false;
  }
  if (channels < 1 || channels > 4 || (x_channels != 1 && x_channels != channels)) return false;
  for (const auto* values : {&offset, &divisor, &fill}) {
    if (static_cast<int64_t>(values->size()) != channels) return false;
  }
  // Divided, as index + 1 images may be more elements than an int64_t counts.
  const int64_t image = channels * height * width;
  return index >= 0 && y.data != nullptr && static_cast<uint64_t>(index) < y.count / image &&
         Holds(x, x_height * x_width * x_channels);
}

void ImageNormalize::Run(Context& context) {
  ForRows(context, channels * height, width, [&](int64_t begin, int64_t count) {
    for (int64_t i = begin; i < begin + count; ++i) Row(i / height, i % height);
  });
}

void ImageNormalize::Row(int64_t channel, int64_t row) const {
  float* out = y + ((index * channels + channel) * height + row) * width;
  const float around = (fill[channel] - offset[channel]) / divisor[channel];
  const bool inside = row >= top && row - top < x_height;
  const int64_t begin = inside ? std::clamp<int64_t>(left, 0, width) : width;
  const int64_t end = inside ? std::clamp<int64_t>(left + x_width, begin, width) : width;
  std::fill(out, out + begin, around);
  std::fill(out + end, out + width, around);
  if (begin < end) {
    const int64_t from = x_channels == 1 ? 0 : channel;
    const int64_t column = begin - left;
    const uint8_t* pixels = x + ((row - top) * x_width + column) * x_channels + from;
    kernels::NormalizeBytes(out + begin, pixels, x_channels, offset[channel], divisor[channel],
                            end - begin);
  }
  if (mirrored) std::reverse(out, out + width);
}

}  // namespace vitrine::ops
