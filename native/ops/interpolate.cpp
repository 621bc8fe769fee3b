#include "ops/interpolate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// What a result is made of, along one axis: an element, and the next one's share.
struct Tap {
  int64_t low, high;
  float share;
};

// In PyTorch's order of operations, in float32, on which the element before depends where a result
// falls upon one. Whatever the scale, taps lie within the axis.
Tap TapAt(const Interpolation& grid, int axis, int64_t i) {
  const int64_t size = grid.size[axis];
  if (size == grid.result[axis]) return {i, i, 0.0f};
  const auto place = static_cast<float>(i);
  const float scale = grid.scale[axis];
  const float middle = grid.align_corners ? scale * place : scale * (place + 0.5f) - 0.5f;
  const float at = grid.linear ? middle : scale * place;
  if (!(at > 0.0f)) return {0, std::min<int64_t>(1, size - 1), 0.0f};
  if (at >= static_cast<float>(size - 1)) return {size - 1, size - 1, 0.0f};
  const auto low = static_cast<int64_t>(at);
  return {low, low + 1, grid.linear ? at - static_cast<float>(low) : 0.0f};
}

std::vector<Tap> TapsOf(const Interpolation& grid, int axis) {
  std::vector<Tap> taps(grid.result[axis]);
  for (int64_t i = 0; i < grid.result[axis]; ++i) taps[i] = TapAt(grid, axis, i);
  return taps;
}

// y = (1 - share) * low + share * high, of rows
void Blend(float* y, const float* low, const float* high, float share, int64_t width) {
  const float rest = 1.0f - share;
  for (int64_t i = 0; i < width; ++i) y[i] = rest * low[i] + share * high[i];
}

}  // namespace

void InterpolateForward::Run(Context& context) {
  const int64_t height = grid.size[0], width = grid.size[1];
  const int64_t rows = grid.result[0], columns = grid.result[1];
  if (Product(planes, rows, columns) == 0) return;
  const std::vector<Tap> down = TapsOf(grid, 0), across = TapsOf(grid, 1);
  context.ReserveScratch(width);
  const int64_t all = planes * rows;
  const int64_t step = EvenStep(all, RowsPerTile(columns + width));
  ForRanges(context, all, step, [&](int64_t begin, int64_t end, int worker) {
    for (int64_t row = begin; row < end; ++row) {
      const float* plane = x + row / rows * height * width;
      const Tap& tap = down[row % rows];
      const float* source = plane + tap.low * width;
      // What has no share is not read: it may be infinite.
      if (tap.share > 0.0f) {
        float* blended = context.Scratch(worker);
        Blend(blended, source, plane + tap.high * width, tap.share, width);
        source = blended;
      }
      float* out = y + row * columns;
      for (int64_t i = 0; i < columns; ++i) {
        const auto& [low, high, share] = across[i];
        out[i] = share > 0.0f ? (1.0f - share) * source[low] + share * source[high] : source[low];
      }
    }
  });
}

// A plane is one thread's: its elements get their sums in one order.
void InterpolateBackward::Run(Context& context) {
  const int64_t height = grid.size[0], width = grid.size[1];
  const int64_t rows = grid.result[0], columns = grid.result[1];
  if (planes == 0) return;
  if (Product(rows, columns) == 0) {
    std::fill_n(dx.data, planes * height * width, 0.0f);
    return;
  }
  const std::vector<Tap> down = TapsOf(grid, 0), across = TapsOf(grid, 1);
  context.ReserveScratch(width);
  const int64_t step = EvenStep(planes, RowsPerTile(rows * columns + height * width));
  ForRanges(context, planes, step, [&](int64_t begin, int64_t end, int worker) {
    float* sums = context.Scratch(worker);
    for (int64_t plane = begin; plane < end; ++plane) {
      float* to = dx + plane * height * width;
      std::fill_n(to, height * width, 0.0f);
      for (int64_t row = 0; row < rows; ++row) {
        const float* from = dy + (plane * rows + row) * columns;
        std::fill_n(sums, width, 0.0f);
        for (int64_t i = 0; i < columns; ++i) {
          const auto& [low, high, share] = across[i];
          sums[low] += (1.0f - share) * from[i];
          if (share > 0.0f) sums[high] += share * from[i];
        }
        const auto& [low, high, share] = down[row];
        for (int64_t i = 0; i < width; ++i) to[low * width + i] += (1.0f - share) * sums[i];
        if (!(share > 0.0f)) continue;
        for (int64_t i = 0; i < width; ++i) to[high * width + i] += share * sums[i];
      }
    }
  });
}

}  // namespace vitrine::ops
