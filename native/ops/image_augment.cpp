#include "ops/image_augment.h"

#include <algorithm>
#include <cmath>

#include "ops/image_blur.h"
#include "ops/image_colour.h"

namespace vitrine::ops {
namespace {

void Flip(Pixels& image, bool horizontal) {
  const int64_t step = image.channels, row = image.width * step;
  uint8_t* bytes = image.bytes.data();
  if (!horizontal) {
    for (int64_t y = 0; y < image.height / 2; ++y)
      std::swap_ranges(bytes + y * row, bytes + (y + 1) * row,
                       bytes + (image.height - 1 - y) * row);
    return;
  }
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* left = bytes + y * row;
    uint8_t* right = left + row - step;
    for (; left < right; left += step, right -= step) std::swap_ranges(left, left + step, right);
  }
}

// Pillow's samplers of transformed images (libImaging/Geometry.c). A place outside gives false.
struct Sampler {
  const Pixels& from;

  int64_t Row(int64_t y) const {
    return std::clamp<int64_t>(y, 0, from.height - 1) * from.width * from.channels;
  }
  int64_t Column(int64_t x) const {
    return std::clamp<int64_t>(x, 0, from.width - 1) * from.channels;
  }
  bool Inside(double x, double y) const {
    return x >= 0 && y >= 0 && x < static_cast<double>(from.width) &&
           y < static_cast<double>(from.height);
  }

  bool Nearest(uint8_t* out, double x, double y) const {
    if (!Inside(x, y)) return false;
    std::copy_n(&from.bytes[Row(static_cast<int64_t>(y)) + Column(static_cast<int64_t>(x))],
                from.channels, out);
    return true;
  }

  // The pixel whose middle is left of a place and above it, and how far beyond the place is.
  struct Corner {
    Corner(double x, double y)
        : left(static_cast<int64_t>(std::floor(x - 0.5))),
          top(static_cast<int64_t>(std::floor(y - 0.5))),
          dx(x - 0.5 - static_cast<double>(left)),
          dy(y - 0.5 - static_cast<double>(top)) {}
    int64_t left, top;
    double dx, dy;
  };

  bool Bilinear(uint8_t* out, double x, double y) const {
    if (!Inside(x, y)) return false;
    const Corner at(x, y);
    for (int64_t c = 0; c < from.channels; ++c) {
      const auto across = [&](int64_t row) {
        const uint8_t* in = from.bytes.data() + Row(row) + c;
        const double a = in[Column(at.left)], b = in[Column(at.left + 1)];
        return a + (b - a) * at.dx;
      };
      const double upper = across(at.top), lower = across(at.top + 1);
      out[c] = static_cast<uint8_t>(upper + (lower - upper) * at.dy);
    }
    return true;
  }

  // With a = -1: Pillow's filter for resizing has -0.5.
  static double Cubic(const double* v, double d) {
    const double p2 = -v[0] + v[2];
    const double p3 = 2 * (v[0] - v[1]) + v[2] - v[3];
    const double p4 = -v[0] + v[1] - v[2] + v[3];
    return v[1] + d * (p2 + d * (p3 + d * p4));
  }

  bool Bicubic(uint8_t* out, double x, double y) const {
    if (!Inside(x, y)) return false;
    const Corner at(x, y);
    for (int64_t c = 0; c < from.channels; ++c) {
      double rows[4];
      for (int64_t k = 0; k < 4; ++k) {
        const uint8_t* in = from.bytes.data() + Row(at.top - 1 + k) + c;
        double v[4];
        for (int64_t j = 0; j < 4; ++j) v[j] = in[Column(at.left - 1 + j)];
        rows[k] = Cubic(v, at.dx);
      }
      out[c] = static_cast<uint8_t>(std::clamp(Cubic(rows, at.dy), 0.0, 255.0));
    }
    return true;
  }
};

void Affine(Pixels& image, const double* arguments) {
  const double* m = arguments;
  const auto filter = static_cast<ImageFilter>(static_cast<int>(arguments[6]));
  uint8_t fill[3];
  for (int c = 0; c < 3; ++c) fill[c] = Clipped(static_cast<int64_t>(arguments[7 + c]));
  const Pixels from = image;
  const Sampler sample{from};
  uint8_t* out = image.bytes.data();
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x, out += image.channels) {
      const double right = static_cast<double>(x) + 0.5, down = static_cast<double>(y) + 0.5;
      const double at_x = m[0] * right + m[1] * down + m[2];
      const double at_y = m[3] * right + m[4] * down + m[5];
      const bool inside = filter == ImageFilter::kNearest    ? sample.Nearest(out, at_x, at_y)
                          : filter == ImageFilter::kBilinear ? sample.Bilinear(out, at_x, at_y)
                                                             : sample.Bicubic(out, at_x, at_y);
      if (!inside) std::copy_n(fill, image.channels, out);
    }
  }
}

}  // namespace

int ArgumentsOf(Augmentation augmentation) {
  if (augmentation == Augmentation::kAffine) return 10;
  return augmentation < Augmentation::kPosterize ? 0 : 1;
}

void Augment(Pixels& image, Augmentation augmentation, const double* arguments) {
  const double value = ArgumentsOf(augmentation) > 0 ? arguments[0] : 0;
  const auto factor = static_cast<float>(value);
  switch (augmentation) {
    case Augmentation::kFlipHorizontal:
    case Augmentation::kFlipVertical:
      return Flip(image, augmentation == Augmentation::kFlipHorizontal);
    case Augmentation::kAutoContrast:
      return AutoContrast(image);
    case Augmentation::kEqualize:
      return Equalize(image);
    case Augmentation::kInvert:
      return Invert(image);
    case Augmentation::kPosterize:
      return Posterize(image, static_cast<int>(value));
    case Augmentation::kSolarize:
      return Solarize(image, value);
    case Augmentation::kSolarizeAdd:
      return SolarizeAdd(image, static_cast<int>(value));
    case Augmentation::kBrightness:
      return Brightness(image, factor);
    case Augmentation::kContrast:
      return Contrast(image, factor);
    case Augmentation::kColor:
      return Color(image, factor);
    case Augmentation::kSharpness:
      return Sharpness(image, factor);
    case Augmentation::kHue:
      return Hue(image, value);
    case Augmentation::kGaussianBlur:
      return GaussianBlur(image, value);
    case Augmentation::kAffine:
      return Affine(image, arguments);
  }
}

}  // namespace vitrine::ops
