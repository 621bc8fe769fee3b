#include "ops/image_blur.h"

#include <algorithm>
#include <cmath>

namespace vitrine::ops {
namespace {

constexpr int kPasses = 3;         // Pillow's
constexpr float kMostReach = 1e6;  // sums of a box's pixels stay in 32 bits

// How far from its middle each box reaches, its ends in part.
// Source: Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box
// filtering", (7), (11) and (14); in Pillow's floats (libImaging/BoxBlur.c).
float ReachOf(float deviation) {
  const float variance = deviation * deviation / kPasses;
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  return whole + part;
}

// A box's weights in 24 bits behind the point: of each pixel within `reach`, and of the two beyond.
struct Box {
  explicit Box(float reach)
      : reach(static_cast<int64_t>(reach)),
        inside(static_cast<uint32_t>(static_cast<float>(1 << 24) / (reach * 2 + 1))),
        ends(((1 << 24) - static_cast<uint32_t>(this->reach * 2 + 1) * inside) / 2) {}
  int64_t reach;
  uint32_t inside, ends;
};

// A line of n pixels, `step` bytes apart; beyond its ends it goes on as it ends.
void BlurLine(uint8_t* out, const uint8_t* in, int64_t n, int64_t step, const Box& box) {
  const auto at = [&](int64_t x) -> uint32_t {
    return in[std::clamp<int64_t>(x, 0, n - 1) * step];
  };
  uint32_t sum = 0;
  for (int64_t x = -box.reach; x <= box.reach; ++x) sum += at(x);
  for (int64_t x = 0; x < n; ++x) {
    const uint32_t beyond = at(x - box.reach - 1) + at(x + box.reach + 1);
    out[x * step] = static_cast<uint8_t>((sum * box.inside + beyond * box.ends + (1 << 23)) >> 24);
    sum += at(x + box.reach + 1) - at(x - box.reach);
  }
}

// `lines` lines, each of them kPasses times.
void BlurLines(Pixels& image, std::vector<uint8_t>& other, bool across, const Box& box) {
  const int64_t row = image.width * image.channels;
  const int64_t lines = across ? image.height : row;
  const int64_t n = across ? image.width : image.height;
  const int64_t step = across ? image.channels : row;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int64_t line = 0; line < lines; ++line) {
      const int64_t begin = across ? line * row : line;
      for (int64_t c = 0; c < (across ? image.channels : 1); ++c)
        BlurLine(&other[begin + c], &image.bytes[begin + c], n, step, box);
    }
    std::swap(other, image.bytes);
  }
}

}  // namespace

void GaussianBlur(Pixels& image, double deviation) {
  const float reach = ReachOf(static_cast<float>(deviation));
  if (!(reach > 0)) return;
  const Box box(std::min(reach, kMostReach));
  std::vector<uint8_t> other(image.bytes.size());
  BlurLines(image, other, true, box);
  BlurLines(image, other, false, box);
}

}  // namespace vitrine::ops
