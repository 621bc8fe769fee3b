#include "ops/max_pool2d.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// The elements [begin, end) of a window along one axis, at a position, that are no padding.
struct Inside {
  int64_t first, begin, end;  // element i lies at first + i * dilation
  Inside(const Window& window, int axis, int64_t position, int64_t size)
      : first(position * window.stride[axis] - window.padding[axis]),
        begin(first >= 0 ? 0 : CeilDiv(-first, window.dilation[axis])),
        end(first >= size
                ? 0
                : std::min(window.kernel[axis], CeilDiv(size - first, window.dilation[axis]))) {}
};

// One row of positions: the window's elements are met in row-major order.
void PoolRow(float* y, int32_t* index, const float* plane, int64_t oh, int64_t height,
             int64_t width, const Window& window) {
  const int64_t positions = window.Positions(1, width);
  std::fill_n(y, positions, -std::numeric_limits<float>::infinity());
  std::fill_n(index, positions, -1);
  const Inside rows(window, 0, oh, height);
  for (int64_t ki = rows.begin; ki < rows.end; ++ki) {
    const int64_t h = rows.first + ki * window.dilation[0];
    for (int64_t ow = 0; ow < positions; ++ow) {
      const Inside columns(window, 1, ow, width);
      for (int64_t kj = columns.begin; kj < columns.end; ++kj) {
        const int64_t w = columns.first + kj * window.dilation[1];
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
  const int64_t plane = Product(height, width);
  if (plane < 0 || plane > std::numeric_limits<int32_t>::max()) return false;
  const int64_t count = Product(planes, window.Positions(0, height), window.Positions(1, width));
  return Holds(y, count) && Holds(index, count) && Holds(x, Product(planes, height, width));
}

void MaxPool2dForward::Run(Context& context) {
  if (planes == 0) return;
  const int64_t rows = window.Positions(0, height);
  const int64_t columns = window.Positions(1, width);
  const int64_t work =
      columns * std::min(window.kernel[0], height) * std::min(window.kernel[1], width);
  ForRows(context, planes * rows, work, [&](int64_t begin, int64_t n) {
    for (int64_t row = begin; row < begin + n; ++row) {
      PoolRow(y + row * columns, index + row * columns, x + row / rows * height * width, row % rows,
              height, width, window);
    }
  });
}

void MaxPool2dBackward::Run(Context& context) {
  if (Product(planes, plane_size) == 0) return;
  ForRows(context, planes, plane_size, [&](int64_t begin, int64_t n) {
    for (int64_t plane = begin; plane < begin + n; ++plane) {
      float* out = dx + plane * plane_size;
      std::fill_n(out, plane_size, 0.0f);
      for (int64_t i = plane * positions; i < (plane + 1) * positions; ++i) {
        // The forward wrote the index; it may have been overwritten since.
        if (index[i] >= 0 && index[i] < plane_size) out[index[i]] += dy[i];
      }
    }
  });
}

}  // namespace vitrine::ops
