#include "ops/max_pool2d.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// One row of positions: the window's elements are met in row-major order, each for all positions.
void PoolRow(float* y, int32_t* index, const float* plane, int64_t oh, int64_t height,
             int64_t width, const Window& window) {
  const int64_t positions = window.Positions(1, width);
  std::fill_n(y, positions, -std::numeric_limits<float>::infinity());
  std::fill_n(index, positions, -1);
  for (int64_t ki = 0; ki < window.kernel[0]; ++ki) {
    const int64_t h = oh * window.stride[0] - window.padding[0] + ki * window.dilation[0];
    if (h < 0 || h >= height) continue;
    for (int64_t kj = 0; kj < window.kernel[1]; ++kj) {
      for (int64_t ow = 0; ow < positions; ++ow) {
        const int64_t w = ow * window.stride[1] - window.padding[1] + kj * window.dilation[1];
        if (w < 0 || w >= width) continue;
        const float value = plane[h * width + w];
        // A window of nothing but -infinity still has a first element.
        if (value > y[ow] || std::isnan(value) || index[ow] < 0) {
          y[ow] = value;
          index[ow] = static_cast<int32_t>(h * width + w);
        }
      }
    }
  }
}

}  // namespace

bool MaxPool2dForward::Valid() const {
  if (!window.Fits(height, width)) return false;
  if (height * width > std::numeric_limits<int32_t>::max()) return false;
  const int64_t count = planes * window.Positions(0, height) * window.Positions(1, width);
  return Holds(y, count) && Holds(index, count) && Holds(x, planes * height * width);
}

void MaxPool2dForward::Run(Context& context) {
  const int64_t rows = window.Positions(0, height);
  const int64_t columns = window.Positions(1, width);
  const int64_t work = columns * window.kernel[0] * window.kernel[1];
  ForRows(context, planes * rows, work, [&](int64_t begin, int64_t n) {
    for (int64_t row = begin; row < begin + n; ++row) {
      PoolRow(y + row * columns, index + row * columns, x + row / rows * height * width, row % rows,
              height, width, window);
    }
  });
}

void MaxPool2dBackward::Run(Context& context) {
  ForRows(context, planes, plane_size, [&](int64_t begin, int64_t n) {
    for (int64_t plane = begin; plane < begin + n; ++plane) {
      float* out = dx + plane * plane_size;
      std::fill_n(out, plane_size, 0.0f);
      for (int64_t i = plane * positions; i < (plane + 1) * positions; ++i) {
        if (index[i] >= 0) out[index[i]] += dy[i];
      }
    }
  });
}

}  // namespace vitrine::ops
