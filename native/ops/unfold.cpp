#include "ops/unfold.h"

#include <algorithm>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

struct Range {
  int64_t begin, end;
};

// The positions along the width at which column `kj` of the window lies on the image, not on
// padding.
Range OnImage(const Window& window, int64_t kj, int64_t width) {
  const int64_t stride = window.stride[1];
  const int64_t start = kj * window.dilation[1] - window.padding[1];  // at position 0
  const int64_t positions = window.Positions(1, width);
  const int64_t begin = start >= 0 ? 0 : std::min(positions, CeilDiv(-start, stride));
  const int64_t end = start >= width ? 0 : std::min(positions, CeilDiv(width - start, stride));
  return {begin, std::max(begin, end)};
}

// Row `ki` of the window, at all of its columns: kw rows of the matrix. The image row stays in L1
// while its elements are dealt out to them.
void UnfoldWindowRow(float* columns, int64_t stride_columns, const float* plane, int64_t height,
                     int64_t width, const Window& window, int64_t ki, PositionRows rows) {
  const int64_t positions = window.Positions(1, width);
  const int64_t step = window.stride[1];
  for (int64_t oh = rows.begin; oh < rows.end; ++oh) {
    const int64_t h = oh * window.stride[0] - window.padding[0] + ki * window.dilation[0];
    const bool padding = h < 0 || h >= height;
    for (int64_t kj = 0; kj < window.kernel[1]; ++kj) {
      float* out = columns + kj * stride_columns + (oh - rows.begin) * positions;
      const Range inside = padding ? Range{positions, positions} : OnImage(window, kj, width);
      std::fill(out, out + inside.begin, 0.0f);
      if (inside.begin < inside.end) {
        const float* row = plane + h * width + kj * window.dilation[1] - window.padding[1];
        if (step == 1) {
          std::copy(row + inside.begin, row + inside.end, out + inside.begin);
        } else {
          for (int64_t ow = inside.begin; ow < inside.end; ++ow) out[ow] = row[ow * step];
        }
      }
      std::fill(out + inside.end, out + positions, 0.0f);
    }
  }
}

// Adds to row `h` of the plane what the windows at `rows` hold of it. Gathering row by row, rather
// than scattering window by window, lets rows run in parallel.
void FoldRow(float* row, const float* columns, int64_t stride_columns, int64_t h, int64_t width,
             const Window& window, PositionRows rows) {
  const int64_t positions = window.Positions(1, width);
  const int64_t step = window.stride[1];
  for (int64_t ki = 0; ki < window.kernel[0]; ++ki) {
    const int64_t from_top = h + window.padding[0] - ki * window.dilation[0];
    if (from_top < 0 || from_top % window.stride[0] != 0) continue;
    const int64_t oh = from_top / window.stride[0];
    if (oh < rows.begin || oh >= rows.end) continue;
    for (int64_t kj = 0; kj < window.kernel[1]; ++kj) {
      const float* in =
          columns + (ki * window.kernel[1] + kj) * stride_columns + (oh - rows.begin) * positions;
      const Range inside = OnImage(window, kj, width);
      if (inside.begin == inside.end) continue;
      float* out = row + inside.begin * step + kj * window.dilation[1] - window.padding[1];
      in += inside.begin;
      const int64_t count = inside.end - inside.begin;
      if (step == 1) {
        for (int64_t i = 0; i < count; ++i) out[i] += in[i];
      } else {
        for (int64_t i = 0; i < count; ++i) out[i * step] += in[i];
      }
    }
  }
}

template <class Image, class Columns>
bool ValidUnfold(const Image& image, const Columns& columns, int64_t batch, int64_t channels,
                 int64_t height, int64_t width, const Window& window) {
  return window.Fits(height, width) && Holds(image, Product(batch, channels, height, width)) &&
         Holds(columns, Product(batch, channels, window.kernel[0], window.kernel[1],
                                window.Positions(0, height), window.Positions(1, width)));
}

}  // namespace

bool Window::Fits(int64_t height, int64_t width) const {
  const int64_t size[2] = {height, width};
  for (int axis = 0; axis < 2; ++axis) {
    if (kernel[axis] < 1 || dilation[axis] < 1 || stride[axis] < 1 || padding[axis] < 0 ||
        size[axis] < 0)
      return false;
    const int64_t margin = Product(2, padding[axis]);
    const int64_t reach = Product(dilation[axis], kernel[axis] - 1);
    int64_t padded = 0;
    if (margin < 0 || reach < 0 || __builtin_add_overflow(size[axis], margin, &padded) ||
        padded <= reach)
      return false;
  }
  return true;
}

void UnfoldPlanes(float* columns, int64_t stride_columns, const float* planes, int64_t channels,
                  int64_t height, int64_t width, const Window& window, PositionRows rows) {
  const int64_t window_rows = window.kernel[0];
  for (int64_t i = 0; i < channels * window_rows; ++i) {
    UnfoldWindowRow(columns + i * window.kernel[1] * stride_columns, stride_columns,
                    planes + i / window_rows * height * width, height, width, window,
                    i % window_rows, rows);
  }
}

void FoldPlanes(float* planes, const float* columns, int64_t stride_columns, int64_t channels,
                int64_t height, int64_t width, const Window& window, PositionRows rows) {
  const int64_t matrix = window.kernel[0] * window.kernel[1] * stride_columns;
  const int64_t top = rows.begin * window.stride[0] - window.padding[0];
  const int64_t bottom = (rows.end - 1) * window.stride[0] - window.padding[0] +
                         (window.kernel[0] - 1) * window.dilation[0] + 1;
  for (int64_t c = 0; c < channels; ++c, planes += height * width, columns += matrix) {
    for (int64_t h = std::max<int64_t>(0, top); h < std::min(height, bottom); ++h) {
      FoldRow(planes + h * width, columns, stride_columns, h, width, window, rows);
    }
  }
}

bool Unfold::Valid() const {
  return ValidUnfold(image, columns, batch, channels, height, width, window);
}

void Unfold::Run(Context& context) {
  if (Product(batch, channels) == 0) return;
  const int64_t rows = window.Positions(0, height);
  const int64_t positions = rows * window.Positions(1, width);
  const int64_t window_rows = window.kernel[0];
  // By (n, c, ki): kw rows of the result each.
  ForRows(context, batch * channels * window_rows, window.kernel[1] * positions,
          [&](int64_t begin, int64_t count) {
            for (int64_t i = begin; i < begin + count; ++i) {
              UnfoldWindowRow(columns + i * window.kernel[1] * positions, positions,
                              image + i / window_rows * height * width, height, width, window,
                              i % window_rows, {0, rows});
            }
          });
}

bool Fold::Valid() const {
  return ValidUnfold(image, columns, batch, channels, height, width, window);
}

void Fold::Run(Context& context) {
  if (Product(batch, channels, height, width) == 0) return;
  const int64_t rows = window.Positions(0, height);
  const int64_t positions = rows * window.Positions(1, width);
  const int64_t matrix = window.kernel[0] * window.kernel[1] * positions;
  // By (n, c, h): a row of the image each.
  ForRows(context, batch * channels * height, width, [&](int64_t begin, int64_t count) {
    std::fill_n(image + begin * width, count * width, 0.0f);
    for (int64_t i = begin; i < begin + count; ++i) {
      FoldRow(image + i * width, columns + i / height * matrix, positions, i % height, width,
              window, {0, rows});
    }
  });
}

}  // namespace vitrine::ops
