#include "ops/image_resize.h"

#include <algorithm>
#include <optional>

#include "ops/ranges.h"

namespace vitrine::ops {

// Rows of pixels that a pass reads, `stride` bytes apart.
struct ImageResize::Rows {
  const uint8_t* data;
  int64_t count, stride;
};

bool ImageResize::Valid() const {
  for (const int64_t size : {height, width, out_height, out_width}) {
    if (size < 1 || size > kMostImagePixels) return false;
  }
  if (channels < 1 || channels > 4 || filter < 0 || filter >= kImageFilters) return false;
  if (!window.Within(height, width) || !kept.Within(out_height, out_width)) return false;
  const bool twice = out_height != window.height && out_width != window.width &&
                     static_cast<ImageFilter>(filter) != ImageFilter::kNearest;
  return Holds(x, height * width * channels) && Holds(y, kept.height * kept.width * channels) &&
         (!twice || Holds(between, window.height * kept.width * channels));
}

void ImageResize::Run(Context& context) {
  const int64_t stride = width * channels;
  const uint8_t* from = x + window.top * stride + window.left * channels;
  const auto kind = static_cast<ImageFilter>(filter);
  if (kind == ImageFilter::kNearest) return Nearest(context, from);
  std::optional<FilterTaps> taps;  // along the columns
  Rows rows{from + kept.top * stride, kept.height, stride};
  if (out_height != window.height) {
    taps.emplace(kind, antialias, window.height, out_height, kept.top, kept.top + kept.height);
    rows = {from + taps->first() * stride, taps->last() - taps->first(), stride};
  }
  if (out_width != window.width) {
    uint8_t* to = taps ? between : y;
    AlongRows(context, to, rows);
    rows = {to, rows.count, kept.width * channels};
  } else {
    rows.data += kept.left * channels;
  }
  if (taps) {
    AlongColumns(context, *taps, rows);
  } else if (rows.data != y) {
    ForRows(context, rows.count, kept.width * channels, [&](int64_t begin, int64_t count) {
      for (int64_t i = begin; i < begin + count; ++i)
        std::copy_n(rows.data + i * stride, kept.width * channels, y + i * kept.width * channels);
    });
  }
}

void ImageResize::Nearest(Context& context, const uint8_t* from) const {
  const auto row_of = NearestInputs(window.height, out_height, kept.top + kept.height);
  const auto column_of = NearestInputs(window.width, out_width, kept.left + kept.width);
  ForRows(context, kept.height, kept.width * channels, [&](int64_t begin, int64_t count) {
    for (int64_t i = begin; i < begin + count; ++i) {
      const uint8_t* row = from + row_of[kept.top + i] * width * channels;
      uint8_t* out = y + i * kept.width * channels;
      for (int64_t j = 0; j < kept.width; ++j, out += channels)
        std::copy_n(row + column_of[kept.left + j] * channels, channels, out);
    }
  });
}

// Blocks of rows are turned into lanes, so that a pixel's neighbours in its row lie one under the
// other, summed like rows, and turned back.
void ImageResize::AlongRows(Context& context, uint8_t* to, const Rows& from) const {
  constexpr int64_t kLanes = kernels::kBlockRows;
  const FilterTaps taps(static_cast<ImageFilter>(filter), antialias, window.width, out_width,
                        kept.left, kept.left + kept.width);
  const int64_t in_bytes = (taps.last() - taps.first()) * channels;
  const int64_t out_bytes = kept.width * channels;
  context.ReserveScratch((in_bytes + out_bytes) * kLanes / sizeof(float));
  ForRanges(context, from.count, kLanes, [&](int64_t begin, int64_t end, int worker) {
    auto* block = reinterpret_cast<uint8_t*>(context.Scratch(worker));
    uint8_t* resized = block + in_bytes * kLanes;
    kernels::RowsToLanes(block, from.data + begin * from.stride + taps.first() * channels,
                         from.stride, end - begin, in_bytes);
    kernels::ResizeColumns(resized, block, taps.data(), taps.first(), kept.width,
                           channels * kLanes);
    kernels::LanesToRows(to + begin * out_bytes, resized, out_bytes, end - begin, out_bytes);
  });
}

void ImageResize::AlongColumns(Context& context, const FilterTaps& taps, const Rows& from) const {
  const int64_t out_bytes = kept.width * channels;
  ForRows(context, kept.height, out_bytes, [&](int64_t begin, int64_t count) {
    for (int64_t i = begin; i < begin + count; ++i) {
      const uint8_t* row = from.data + (taps[i].first - taps.first()) * from.stride;
      kernels::ResizeRow(y + i * out_bytes, row, from.stride, taps[i], out_bytes);
    }
  });
}

}  // namespace vitrine::ops
