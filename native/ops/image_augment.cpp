#include "ops/image_augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "kernels/image_convert.h"

namespace vitrine::ops {
namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int64_t, 256>;

uint8_t Clipped(int64_t value) { return static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255)); }

template <class Fn>
Table TableOf(Fn value) {
  Table table;
  for (int i = 0; i < 256; ++i) table[i] = Clipped(value(i));
  return table;
}

void Look(Pixels& image, const Table& table) {
  for (uint8_t& byte : image.bytes) byte = table[byte];
}

// Each channel by a table of its own, made of how often it has each value.
template <class Fn>
void LookByChannel(Pixels& image, Fn table_of) {
  for (int64_t c = 0; c < image.channels; ++c) {
    Histogram histogram{};
    for (size_t i = c; i < image.bytes.size(); i += image.channels) ++histogram[image.bytes[i]];
    const Table table = table_of(histogram);
    for (size_t i = c; i < image.bytes.size(); i += image.channels)
      image.bytes[i] = table[image.bytes[i]];
  }
}

// PIL.ImageOps.autocontrast, without cutoff.
Table AutoContrastTable(const Histogram& histogram) {
  int low = 0, high = 255;
  while (low < 255 && histogram[low] == 0) ++low;
  while (high > 0 && histogram[high] == 0) --high;
  if (high <= low) return TableOf([](int i) { return i; });
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  return TableOf([&](int i) { return static_cast<int64_t>(i * scale + offset); });
}

// PIL.ImageOps.equalize.
Table EqualizeTable(const Histogram& histogram) {
  int64_t sum = 0, last = 0, values = 0;
  for (const int64_t count : histogram) {
    if (count == 0) continue;
    sum += count;
    last = count;
    ++values;
  }
  const int64_t step = (sum - last) / 255;
  if (values <= 1 || step == 0) return TableOf([](int i) { return i; });
  int64_t n = step / 2;
  return TableOf([&](int i) {
    const int64_t value = n / step;
    n += histogram[i];
    return value;
  });
}

// image = from + factor (image - from), as PIL.Image.blend: cut off, not rounded.
void BlendByte(uint8_t& to, uint8_t from, float factor) {
  const auto difference = static_cast<float>(to - from);
  const float value = static_cast<float>(from) + factor * difference;
  to = static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

std::vector<uint8_t> GreyOf(const Pixels& image) {
  if (image.channels == 1) return image.bytes;
  std::vector<uint8_t> grey(image.height * image.width);
  kernels::GreyFromRgb(grey.data(), image.bytes.data(), static_cast<int64_t>(grey.size()));
  return grey;
}

// PIL.ImageEnhance.Contrast: away from the mean of the greys.
void Contrast(Pixels& image, float factor) {
  const std::vector<uint8_t> grey = GreyOf(image);
  double sum = 0;
  for (const uint8_t value : grey) sum += value;
  const auto mean = static_cast<uint8_t>(sum / static_cast<double>(grey.size()) + 0.5);
  for (uint8_t& byte : image.bytes) BlendByte(byte, mean, factor);
}

// PIL.ImageEnhance.Color: away from grey.
void Color(Pixels& image, float factor) {
  if (image.channels == 1) return;
  const std::vector<uint8_t> grey = GreyOf(image);
  for (size_t i = 0; i < image.bytes.size(); ++i) BlendByte(image.bytes[i], grey[i / 3], factor);
}

// PIL.ImageEnhance.Sharpness: away from PIL.ImageFilter.SMOOTH, which leaves the border as it is.
void Sharpness(Pixels& image, float factor) {
  const std::vector<uint8_t> from = image.bytes;
  const int64_t step = image.channels, row = image.width * step;
  for (int64_t y = 1; y + 1 < image.height; ++y) {
    for (int64_t i = y * row + step; i < (y + 1) * row - step; ++i) {
      int sum = 4 * from[i];
      for (const int64_t above : {i - row, i, i + row})
        sum += from[above - step] + from[above] + from[above + step];
      const auto smooth = static_cast<uint8_t>((2 * sum + 13) / 26);  // a thirteenth, rounded
      BlendByte(image.bytes[i], smooth, factor);
    }
  }
}

// Pillow's rgb2hsv and hsv2rgb (libImaging/Convert.c), with the hue turned in between.
void TurnHue(uint8_t* pixel, uint8_t turn) {
  const int r = pixel[0], g = pixel[1], b = pixel[2];
  const int most = std::max({r, g, b}), least = std::min({r, g, b});
  if (most == least) return;
  const auto range = static_cast<float>(most - least);
  const float saturation = range / static_cast<float>(most);
  const float rc = static_cast<float>(most - r) / range;
  const float gc = static_cast<float>(most - g) / range;
  const float bc = static_cast<float>(most - b) / range;
  float h = r == most   ? bc - gc
            : g == most ? static_cast<float>(2.0 + rc - bc)
                        : static_cast<float>(4.0 + gc - rc);
  h = static_cast<float>(std::fmod(h / 6.0 + 1.0, 1.0));
  const auto hue = static_cast<uint8_t>(Clipped(static_cast<int>(h * 255.0)) + turn);
  const uint8_t s = Clipped(static_cast<int>(saturation * 255.0));
  const auto v = static_cast<uint8_t>(most);
  if (s == 0) {
    std::fill_n(pixel, 3, v);
    return;
  }
  const auto sector = static_cast<int>(std::floor(static_cast<float>(hue) * 6.0 / 255.0));
  const auto f = static_cast<float>(static_cast<float>(hue) * 6.0 / 255.0 - sector);
  const auto fs = static_cast<float>(s / 255.0);
  const uint8_t p = Clipped(std::lround(v * (1.0 - fs)));
  const uint8_t q = Clipped(std::lround(v * (1.0 - fs * f)));
  const uint8_t t = Clipped(std::lround(v * (1.0 - fs * (1.0 - f))));
  const uint8_t colours[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(colours[sector % 6], 3, pixel);
}

void Hue(Pixels& image, double turn) {
  if (image.channels == 1) return;
  // numpy's cast of a number below 0 to a byte, as torchvision's: it wraps around.
  const auto by = static_cast<uint8_t>(static_cast<int>(turn * 255));
  for (size_t i = 0; i < image.bytes.size(); i += 3) TurnHue(image.bytes.data() + i, by);
}

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

  bool Bilinear(uint8_t* out, double x, double y) const {
    if (!Inside(x, y)) return false;
    const auto left = static_cast<int64_t>(std::floor(x - 0.5));
    const auto top = static_cast<int64_t>(std::floor(y - 0.5));
    const double dx = x - 0.5 - static_cast<double>(left);
    const double dy = y - 0.5 - static_cast<double>(top);
    for (int64_t c = 0; c < from.channels; ++c) {
      const auto across = [&](int64_t row) {
        const uint8_t* in = from.bytes.data() + Row(row) + c;
        const double a = in[Column(left)], b = in[Column(left + 1)];
        return a + (b - a) * dx;
      };
      const double upper = across(top), lower = across(top + 1);
      out[c] = static_cast<uint8_t>(upper + (lower - upper) * dy);
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
    const auto left = static_cast<int64_t>(std::floor(x - 0.5));
    const auto top = static_cast<int64_t>(std::floor(y - 0.5));
    const double dx = x - 0.5 - static_cast<double>(left);
    const double dy = y - 0.5 - static_cast<double>(top);
    for (int64_t c = 0; c < from.channels; ++c) {
      double rows[4];
      for (int64_t k = 0; k < 4; ++k) {
        const uint8_t* in = from.bytes.data() + Row(top - 1 + k) + c;
        double v[4];
        for (int64_t j = 0; j < 4; ++j) v[j] = in[Column(left - 1 + j)];
        rows[k] = Cubic(v, dx);
      }
      out[c] = static_cast<uint8_t>(std::clamp(Cubic(rows, dy), 0.0, 255.0));
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

Pixels NearestOf(const uint8_t* from, int64_t stride, int64_t channels, const ResizePlan& plan) {
  const auto& [window, out_height, out_width, kept, filter, antialias] = plan;
  const auto rows = NearestInputs(window.height, out_height, kept.top + kept.height);
  const auto columns = NearestInputs(window.width, out_width, kept.left + kept.width);
  Pixels y{kept.height, kept.width, channels, {}};
  y.bytes.resize(kept.height * kept.width * channels);
  uint8_t* out = y.bytes.data();
  for (int64_t i = 0; i < kept.height; ++i) {
    const uint8_t* row = from + rows[kept.top + i] * stride;
    for (int64_t j = 0; j < kept.width; ++j, out += channels)
      std::copy_n(row + columns[kept.left + j] * channels, channels, out);
  }
  return y;
}

// Rows of x (rows, stride) resized sideways: (rows, kept.width, channels).
std::vector<uint8_t> AlongRows(const uint8_t* x, int64_t rows, int64_t stride, int64_t channels,
                               const ResizePlan& plan) {
  constexpr int64_t kLanes = kernels::kBlockRows;
  const auto& kept = plan.kept;
  const FilterTaps taps(plan.filter, plan.antialias, plan.window.width, plan.out_width, kept.left,
                        kept.left + kept.width);
  const int64_t in_bytes = (taps.last() - taps.first()) * channels;
  const int64_t out_bytes = kept.width * channels;
  std::vector<uint8_t> y(rows * out_bytes), block((in_bytes + out_bytes) * kLanes);
  uint8_t* resized = block.data() + in_bytes * kLanes;
  for (int64_t begin = 0; begin < rows; begin += kLanes) {
    const int64_t count = std::min(kLanes, rows - begin);
    kernels::RowsToLanes(block.data(), x + begin * stride + taps.first() * channels, stride, count,
                         in_bytes);
    kernels::ResizeColumns(resized, block.data(), taps.data(), taps.first(), kept.width,
                           channels * kLanes);
    kernels::LanesToRows(y.data() + begin * out_bytes, resized, out_bytes, count, out_bytes);
  }
  return y;
}

}  // namespace

Pixels Resized(const uint8_t* x, int64_t width, int64_t channels, const ResizePlan& plan) {
  const auto& [window, out_height, out_width, kept, filter, antialias] = plan;
  int64_t stride = width * channels;
  const uint8_t* from = x + window.top * stride + window.left * channels;
  if (filter == ImageFilter::kNearest) return NearestOf(from, stride, channels, plan);
  std::optional<FilterTaps> taps;  // along the columns
  int64_t first = kept.top, count = kept.height;
  if (out_height != window.height) {
    taps.emplace(filter, antialias, window.height, out_height, kept.top, kept.top + kept.height);
    first = taps->first();
    count = taps->last() - first;
  }
  from += first * stride;
  std::vector<uint8_t> between;
  if (out_width != window.width) {
    between = AlongRows(from, count, stride, channels, plan);
    from = between.data();
    stride = kept.width * channels;
  } else {
    from += kept.left * channels;
  }
  const int64_t out_bytes = kept.width * channels;
  Pixels y{kept.height, kept.width, channels, {}};
  if (!taps && !between.empty()) {
    y.bytes = std::move(between);
    return y;
  }
  y.bytes.resize(kept.height * out_bytes);
  for (int64_t i = 0; i < kept.height; ++i) {
    uint8_t* out = y.bytes.data() + i * out_bytes;
    if (taps) {
      kernels::ResizeRow(out, from + ((*taps)[i].first - first) * stride, stride, (*taps)[i],
                         out_bytes);
    } else {
      std::copy_n(from + i * stride, out_bytes, out);
    }
  }
  return y;
}

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
      return LookByChannel(image, AutoContrastTable);
    case Augmentation::kEqualize:
      return LookByChannel(image, EqualizeTable);
    case Augmentation::kInvert:
      return Look(image, TableOf([](int i) { return 255 - i; }));
    case Augmentation::kPosterize: {
      const int mask = ~((1 << (8 - std::clamp(static_cast<int>(value), 0, 8))) - 1);
      return Look(image, TableOf([&](int i) { return i & mask; }));
    }
    case Augmentation::kSolarize:
      return Look(image, TableOf([&](int i) { return i < value ? i : 255 - i; }));
    case Augmentation::kSolarizeAdd:
      return Look(image, TableOf([&](int i) { return i < 128 ? i + static_cast<int>(value) : i; }));
    case Augmentation::kBrightness:
      for (uint8_t& byte : image.bytes) BlendByte(byte, 0, factor);
      return;
    case Augmentation::kContrast:
      return Contrast(image, factor);
    case Augmentation::kColor:
      return Color(image, factor);
    case Augmentation::kSharpness:
      return Sharpness(image, factor);
    case Augmentation::kHue:
      return Hue(image, value);
    case Augmentation::kAffine:
      return Affine(image, arguments);
  }
}

}  // namespace vitrine::ops
