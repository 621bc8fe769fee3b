#include "ops/image_filter.h"

#include <algorithm>
#include <cmath>

namespace vitrine::ops {
namespace {

constexpr double kPi = 3.14159265358979323846;

double Sinc(double x) { return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x); }

// How far from its middle a filter reaches, in pixels of the larger image.
double SupportOf(ImageFilter filter) {
  switch (filter) {
    case ImageFilter::kBox:
      return 0.5;
    case ImageFilter::kBicubic:
      return 2;
    case ImageFilter::kLanczos:
      return 3;
    default:
      return 1;
  }
}

// Source: Keys 1981.
double Bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

double WeightAt(ImageFilter filter, double x) {
  switch (filter) {
    case ImageFilter::kBox:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case ImageFilter::kBilinear:
      return std::max(0.0, 1 - std::abs(x));
    case ImageFilter::kHamming:
      return std::abs(x) < 1 ? Sinc(x) * (0.54 + 0.46 * std::cos(kPi * x)) : 0;
    case ImageFilter::kBicubic:
      return Bicubic(x);
    case ImageFilter::kLanczos:
      return -3 <= x && x < 3 ? Sinc(x) * Sinc(x / 3) : 0;
    default:
      return 0;
  }
}

int32_t WholeWeight(double weight) {
  return static_cast<int32_t>(std::copysign(0.5, weight) + weight * (1 << kernels::kWeightBits));
}

}  // namespace

FilterTaps::FilterTaps(ImageFilter filter, bool antialias, int64_t in, int64_t out, int64_t begin,
                       int64_t end) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double width = antialias ? std::max(1.0, scale) : 1.0;
  const double support = SupportOf(filter) * width;
  const auto most = 2 * static_cast<int64_t>(std::ceil(support)) + 1;
  weights_.assign((end - begin) * most, 0);
  taps_.resize(end - begin);
  std::vector<double> exact(most);
  for (int64_t i = begin; i < end; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    // Rounded as Pillow does, by truncation; past the border that is where it is cut off anyway.
    const int64_t first =
        std::clamp<int64_t>(static_cast<int64_t>(std::floor(center - support + 0.5)), 0, in - 1);
    const int64_t last =
        std::clamp<int64_t>(static_cast<int64_t>(center + support + 0.5), first + 1, in);
    double sum = 0;
    for (int64_t x = first; x < last; ++x) {
      exact[x - first] = WeightAt(filter, (static_cast<double>(x) - center + 0.5) / width);
      sum += exact[x - first];
    }
    int32_t* weights = weights_.data() + (i - begin) * most;
    for (int64_t k = 0; k < last - first; ++k) {
      weights[k] = WholeWeight(sum != 0 ? exact[k] / sum : exact[k]);
    }
    taps_[i - begin] = {first, last - first, weights};
  }
}

std::vector<int64_t> NearestInputs(int64_t in, int64_t out, int64_t end) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  std::vector<int64_t> inputs(end);
  double position = 0.5 * scale;
  for (int64_t& input : inputs) {
    input = std::min(in - 1, static_cast<int64_t>(position));
    position += scale;
  }
  return inputs;
}

}  // namespace vitrine::ops
