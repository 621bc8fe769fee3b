#include "ops/image_resample.h"

#include <algorithm>

namespace vitrine::ops {

Resampler::Resampler(const ResizePlan& plan, const uint8_t* x, int64_t width, int64_t channels)
    : plan_(plan),
      channels_(channels),
      stride_(width * channels),
      out_bytes_(plan.kept.width * channels),
      from_(x + plan.window.top * stride_ + plan.window.left * channels) {
  const auto& [window, out_height, out_width, kept, filter, antialias] = plan;
  const bool taller = out_height != window.height, wider = out_width != window.width;
  if (filter == ImageFilter::kNearest && (taller || wider)) {
    nearest_rows_ = NearestInputs(window.height, out_height, kept.top + kept.height);
    nearest_columns_ = NearestInputs(window.width, out_width, kept.left + kept.width);
    return;
  }
  if (taller) {
    columns_.emplace(filter, antialias, window.height, out_height, kept.top,
                     kept.top + kept.height);
  }
  if (!wider) return;
  rows_.emplace(filter, antialias, window.width, out_width, kept.left, kept.left + kept.width);
  if (columns_) between_rows_ = columns_->last() - columns_->first();
  const int64_t in_bytes = (rows_->last() - rows_->first()) * channels;
  scratch_bytes_ = (in_bytes + out_bytes_) * kernels::kBlockRows;
}

void Resampler::Between(uint8_t* between, int64_t begin, int64_t end, uint8_t* scratch) const {
  AlongRows(between, from_ + columns_->first() * stride_, begin, end, scratch);
}

void Resampler::Result(uint8_t* y, const uint8_t* between, int64_t begin, int64_t end,
                       uint8_t* scratch) const {
  if (!nearest_rows_.empty()) return Nearest(y, begin, end);
  if (rows_ && !columns_)
    return AlongRows(y, from_ + plan_.kept.top * stride_, begin, end, scratch);
  // Rows as they are to be wide, of which the first that counts is the first.
  const int64_t stride = rows_ ? out_bytes_ : stride_;
  const int64_t first = columns_ ? columns_->first() : plan_.kept.top;
  const uint8_t* from = rows_ ? between : from_ + first * stride + plan_.kept.left * channels_;
  for (int64_t i = begin; i < end; ++i) {
    uint8_t* out = y + i * out_bytes_;
    if (columns_) {
      const kernels::Taps& taps = (*columns_)[i];
      kernels::ResizeRow(out, from + (taps.first - first) * stride, stride, taps, out_bytes_);
    } else {
      std::copy_n(from + i * stride, out_bytes_, out);
    }
  }
}

// Blocks of rows are turned into lanes, so that a pixel's neighbours in its row lie one under the
// other, summed like rows, and turned back.
void Resampler::AlongRows(uint8_t* y, const uint8_t* from, int64_t begin, int64_t end,
                          uint8_t* scratch) const {
  constexpr int64_t kLanes = kernels::kBlockRows;
  const int64_t in_bytes = (rows_->last() - rows_->first()) * channels_;
  uint8_t* resized = scratch + in_bytes * kLanes;
  for (; begin < end; begin += kLanes) {
    const int64_t count = std::min(kLanes, end - begin);
    kernels::RowsToLanes(scratch, from + begin * stride_ + rows_->first() * channels_, stride_,
                         count, in_bytes);
    kernels::ResizeColumns(resized, scratch, rows_->data(), rows_->first(), plan_.kept.width,
                           channels_ * kLanes);
    kernels::LanesToRows(y + begin * out_bytes_, resized, out_bytes_, count, out_bytes_);
  }
}

void Resampler::Nearest(uint8_t* y, int64_t begin, int64_t end) const {
  const auto& kept = plan_.kept;
  uint8_t* out = y + begin * out_bytes_;
  for (int64_t i = begin; i < end; ++i) {
    const uint8_t* row = from_ + nearest_rows_[kept.top + i] * stride_;
    for (int64_t j = 0; j < kept.width; ++j, out += channels_)
      std::copy_n(row + nearest_columns_[kept.left + j] * channels_, channels_, out);
  }
}

Pixels Resized(const uint8_t* x, int64_t width, int64_t channels, const ResizePlan& plan) {
  const auto& kept = plan.kept;
  const Resampler resampler(plan, x, width, channels);
  std::vector<uint8_t> scratch(resampler.scratch_bytes());
  std::vector<uint8_t> between(resampler.between_rows() * kept.width * channels);
  if (!between.empty())
    resampler.Between(between.data(), 0, resampler.between_rows(), scratch.data());
  Pixels y{kept.height, kept.width, channels, {}};
  y.bytes.resize(kept.height * kept.width * channels);
  resampler.Result(y.bytes.data(), between.data(), 0, kept.height, scratch.data());
  return y;
}

}  // namespace vitrine::ops
