#include "ops/image_colour.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/image_convert.h"

namespace vitrine::ops {
namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int64_t, 256>;

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

}  // namespace

void AutoContrast(Pixels& image) { LookByChannel(image, AutoContrastTable); }

void Equalize(Pixels& image) { LookByChannel(image, EqualizeTable); }

void Invert(Pixels& image) {
  Look(image, TableOf([](int i) { return 255 - i; }));
}

void Posterize(Pixels& image, int bits) {
  const int mask = ~((1 << (8 - std::clamp(bits, 0, 8))) - 1);
  Look(image, TableOf([&](int i) { return i & mask; }));
}

void Solarize(Pixels& image, double threshold) {
  Look(image, TableOf([&](int i) { return i < threshold ? i : 255 - i; }));
}

void SolarizeAdd(Pixels& image, int added) {
  Look(image, TableOf([&](int i) { return i < 128 ? i + added : i; }));
}

void Brightness(Pixels& image, float factor) {
  for (uint8_t& byte : image.bytes) BlendByte(byte, 0, factor);
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

void Hue(Pixels& image, double turn) {
  if (image.channels == 1) return;
  // numpy's cast of a number below 0 to a byte, as torchvision's: it wraps around.
  const auto by = static_cast<uint8_t>(static_cast<int>(turn * 255));
  for (size_t i = 0; i < image.bytes.size(); i += 3) TurnHue(image.bytes.data() + i, by);
}

}  // namespace vitrine::ops
