#include "ops/image_batch.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/image_normalize.h"
#include "kernels/random.h"
#include "ops/ranges.h"
#include "runtime/files.h"

namespace vitrine::ops {

// Takes numbers off the program; past its end, or where a number is not in the range asked for,
// everything from then on is refused.
struct ImageBatch::Reader {
  const std::vector<double>& program;
  size_t next = 0;
  bool good = true;

  double Take() {
    if (next < program.size() && std::isfinite(program[next])) return program[next++];
    good = false;
    return 0;
  }
  int64_t Whole(int64_t least, int64_t most) {
    const double value = Take();
    if (value >= static_cast<double>(least) && value <= static_cast<double>(most))
      return static_cast<int64_t>(value);
    good = false;
    return least;
  }
  ImageWindow Window() {
    const int64_t top = Whole(0, kMostImagePixels), left = Whole(0, kMostImagePixels);
    const int64_t rows = Whole(1, kMostImagePixels);
    return {top, left, rows, Whole(1, kMostImagePixels)};
  }
};

namespace {

constexpr int64_t kMostBytes = int64_t{1} << 50;
constexpr int kRectangleNumbers = 6;
// The numbers are lib/native.ts's.
enum class Erasing : int { kZero, kColour, kPixels };

}  // namespace

bool ImageBatch::Read(Reader& reader, size_t index) {
  Image image{};
  image.begin = reader.Whole(0, kMostBytes);
  image.height = reader.Whole(1, kMostImagePixels);
  image.width = reader.Whole(1, kMostImagePixels);
  image.channels = reader.Whole(1, 3);
  ResizePlan& plan = image.resize;
  plan.window = reader.Window();
  plan.out_height = reader.Whole(1, kMostImagePixels);
  plan.out_width = reader.Whole(1, kMostImagePixels);
  plan.kept = reader.Window();
  plan.filter = static_cast<ImageFilter>(reader.Whole(0, kImageFilters - 1));
  plan.antialias = reader.Whole(0, 1) == 1;
  image.top = reader.Whole(-kMostImagePixels, kMostImagePixels);
  image.left = reader.Whole(-kMostImagePixels, kMostImagePixels);
  image.augmentations = reader.next;
  const int64_t augmentations = reader.Whole(0, 1024);
  for (int64_t i = 0; i < augmentations && reader.good; ++i) {
    const auto which = static_cast<Augmentation>(reader.Whole(0, kAugmentations - 1));
    for (int k = 0; k < ArgumentsOf(which); ++k) reader.Take();
  }
  image.rectangles = reader.next;
  const int64_t rectangles = reader.Whole(0, 1024);
  for (int64_t i = 0; i < rectangles && reader.good; ++i) {
    const ImageWindow window = reader.Window();
    reader.Whole(0, static_cast<int64_t>(Erasing::kPixels));
    reader.Whole(0, int64_t{1} << 53);
    if (!window.Within(height, width)) return false;
  }
  if (!reader.good || image.channels == 2 || (image.channels != 1 && image.channels != channels))
    return false;
  if (image.height * image.width > kMostImagePixels) return false;
  const In<uint8_t>& bytes = x[index];
  const int64_t size = image.height * image.width * image.channels;
  const bool held = bytes.data == nullptr ? descriptor >= 0 : Holds(bytes, image.begin + size);
  images_.push_back(image);
  return held && plan.window.Within(image.height, image.width) &&
         plan.kept.Within(plan.out_height, plan.out_width);
}

bool ImageBatch::Valid() {
  if (height < 1 || width < 1 || height > kMostImagePixels || width > kMostImagePixels)
    return false;
  if ((channels != 1 && channels != 3) || descriptor > INT32_MAX) return false;
  for (const auto* values : {&offset, &divisor, &fill}) {
    if (static_cast<int64_t>(values->size()) != channels) return false;
  }
  images_.clear();
  Reader reader{program};
  for (size_t i = 0; i < x.size(); ++i) {
    if (!Read(reader, i)) return false;
  }
  return reader.next == program.size() && Holds(y, Product(x.size(), channels, height, width));
}

void ImageBatch::Run(Context& context) {
  std::atomic<bool> unread{false};
  context.ParallelFor(static_cast<int64_t>(x.size()), [&](int64_t index, int) {
    const Pixels pixels = Prepare(index);
    if (pixels.bytes.empty()) {
      unread = true;
      return;
    }
    Normalize(index, pixels);
    Erase(index);
  });
  if (unread) {
    context.Fail(
        "Expected the images' bytes in the cache file but it ends before them. It was changed "
        "while "
        "it was in use; run again.");
  }
}

// The image resized and augmented; without bytes where the file does not have them.
Pixels ImageBatch::Prepare(size_t index) const {
  const Image& image = images_[index];
  const uint8_t* bytes = x[index].data == nullptr ? nullptr : x[index].data + image.begin;
  std::vector<uint8_t> read;
  if (bytes == nullptr) {
    read.resize(image.height * image.width * image.channels);
    for (size_t done = 0; done < read.size();) {
      const int64_t count = ReadAt(static_cast<int>(descriptor), read.data() + done,
                                   read.size() - done, image.begin + done);
      if (count <= 0) return {};
      done += count;
    }
    bytes = read.data();
  }
  Pixels pixels = Resized(bytes, image.width, image.channels, image.resize);
  const double* next = program.data() + image.augmentations;
  for (auto left = static_cast<int64_t>(*next++); left > 0; --left) {
    const auto which = static_cast<Augmentation>(static_cast<int>(*next++));
    Augment(pixels, which, next);
    next += ArgumentsOf(which);
  }
  return pixels;
}

void ImageBatch::Normalize(size_t index, const Pixels& pixels) const {
  const Image& image = images_[index];
  float* out = y + static_cast<int64_t>(index) * channels * height * width;
  for (int64_t c = 0; c < channels; ++c) {
    const float around = (fill[c] - offset[c]) / divisor[c];
    const int64_t from = pixels.channels == 1 ? 0 : c;
    for (int64_t row = 0; row < height; ++row, out += width) {
      const int64_t at = row - image.top;
      const bool inside = at >= 0 && at < pixels.height;
      const int64_t begin = inside ? std::clamp<int64_t>(image.left, 0, width) : width;
      const int64_t end =
          inside ? std::clamp<int64_t>(image.left + pixels.width, begin, width) : width;
      std::fill(out, out + begin, around);
      std::fill(out + end, out + width, around);
      if (begin == end) continue;
      const int64_t place = (at * pixels.width + begin - image.left) * pixels.channels + from;
      kernels::NormalizeBytes(out + begin, pixels.bytes.data() + place, pixels.channels, offset[c],
                              divisor[c], end - begin);
    }
  }
}

// timm's RandomErasing: zeros, one normal number a channel, or one a pixel.
void ImageBatch::Erase(size_t index) const {
  const double* next = program.data() + images_[index].rectangles;
  for (auto left = static_cast<int64_t>(*next++); left > 0; --left, next += kRectangleNumbers) {
    const auto top = static_cast<int64_t>(next[0]), column = static_cast<int64_t>(next[1]);
    const auto rows = static_cast<int64_t>(next[2]), columns = static_cast<int64_t>(next[3]);
    const auto mode = static_cast<Erasing>(static_cast<int>(next[4]));
    const auto seed = static_cast<uint64_t>(next[5]);
    for (int64_t c = 0; c < channels; ++c) {
      float colour = 0;
      if (mode == Erasing::kColour) kernels::NormalFill(&colour, 1, seed, c);
      for (int64_t row = 0; row < rows; ++row) {
        const auto plane = static_cast<int64_t>(index) * channels + c;
        float* out = y + (plane * height + top + row) * width + column;
        if (mode == Erasing::kPixels) {
          kernels::NormalFill(out, columns, seed, (c * rows + row) * columns);
        } else {
          std::fill_n(out, columns, colour);
        }
      }
    }
  }
}

bool ImageMix::Valid() const {
  if (static_cast<int64_t>(weight.size()) != count || count < 0) return false;
  if (static_cast<int64_t>(boxes.size()) != 4 * count) return false;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t* box = boxes.data() + 4 * i;
    const bool empty = box[2] == 0 || box[3] == 0;
    if (!empty && !ImageWindow{box[0], box[1], box[2], box[3]}.Within(height, width)) return false;
  }
  const int64_t size = Product(count, channels, height, width);
  return Holds(y, size) && Holds(x, size) && y.data != x.data;
}

void ImageMix::Run(Context& context) {
  if (Product(count, channels, height, width) == 0) return;
  const int64_t plane = height * width;
  ForRows(context, count * channels, plane, [&](int64_t begin, int64_t rows) {
    for (int64_t i = begin; i < begin + rows; ++i) {
      const int64_t image = i / channels, other = (count - 1 - image) * channels + i % channels;
      const float* own = x + i * plane;
      const float* theirs = x + other * plane;
      float* out = y + i * plane;
      const float share = weight[image], rest = 1 - share;
      if (share == 1) {
        std::copy_n(own, plane, out);
      } else {
        for (int64_t k = 0; k < plane; ++k) out[k] = own[k] * share + theirs[k] * rest;
      }
      const int64_t* box = boxes.data() + 4 * image;
      if (box[3] == 0) continue;  // it may have any number of rows then
      for (int64_t row = box[0]; row < box[0] + box[2]; ++row)
        std::copy_n(theirs + row * width + box[1], box[3], out + row * width + box[1]);
    }
  });
}

}  // namespace vitrine::ops
