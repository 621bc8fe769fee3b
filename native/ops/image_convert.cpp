#include "ops/image_convert.h"

#include "kernels/image_convert.h"
#include "ops/ranges.h"

namespace vitrine::ops {

bool ImageConvert::Valid() const {
  if (pixels < 0 || pixels > kMostImagePixels) return false;
  switch (static_cast<ImageConversion>(conversion)) {
    case ImageConversion::kGreyFromRgb:
      return Holds(y, pixels) && Holds(x, 3 * pixels);
    case ImageConversion::kRgbFromCmyk:
      return Holds(y, 3 * pixels) && Holds(x, 4 * pixels);
  }
  return false;
}

void ImageConvert::Run(Context& context) {
  ForElements(context, pixels, [&](int64_t begin, int64_t count) {
    if (static_cast<ImageConversion>(conversion) == ImageConversion::kGreyFromRgb) {
      kernels::GreyFromRgb(y + begin, x + 3 * begin, count);
    } else {
      kernels::RgbFromCmyk(y + 3 * begin, x + 4 * begin, count);
    }
  });
}

}  // namespace vitrine::ops
