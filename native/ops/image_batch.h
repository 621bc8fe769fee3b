#pragma once

#include <cstdint>
#include <vector>

#include "ops/image_augment.h"
#include "ops/op.h"

namespace vitrine::ops {

// y (N,C,H,W) = images, each from its bytes to normalised planes in one go: resized, augmented,
// laid onto the canvas, (byte - offset[c]) / divisor[c], and with rectangles erased. Image i is
// read from x[i], or from the file `descriptor` where x[i] is absent.
//
// `program` is a list of numbers for each image in turn: where its bytes begin; height, width and
// channels of them; window (4), out_height, out_width, kept (4), filter, antialias; top and left of
// the result on the canvas, which is filled with fill[c]; the number of augmentations, each its
// number and arguments; the number of rectangles, each top, left, height, width, mode and seed.
struct ImageBatch {
  Out<float> y;
  std::vector<OptionalIn<uint8_t>> x;
  int64_t descriptor;
  int64_t channels, height, width;
  std::vector<double> program;
  std::vector<float> offset, divisor, fill;
  OP("imageBatch", y, x, descriptor, channels, height, width, program, offset, divisor, fill);
  bool Valid();

 private:
  struct Image {
    int64_t begin, height, width, channels;
    ResizePlan resize;
    int64_t top, left;
    size_t augmentations, rectangles;  // where each list begins in the program, its length first
  };
  struct Reader;
  bool Read(Reader& reader, size_t index);
  Pixels Prepare(size_t index) const;
  void Normalize(size_t index, const Pixels& pixels) const;
  void Erase(size_t index) const;

  std::vector<Image> images_;
};

// y (N,C,H,W) = each image of x mixed with that of the other end, image N - 1 - i: by `weight[i]`,
// and inside the box (top,left,height,width) of four numbers an image, where it has an area, the
// other's pixels. Mixup and CutMix.
struct ImageMix {
  Out<float> y;
  In<float> x;
  int64_t count, channels, height, width;
  std::vector<float> weight;
  std::vector<int64_t> boxes;
  OP("imageMix", y, x, count, channels, height, width, weight, boxes);
  bool Valid() const;
};

}  // namespace vitrine::ops
