#include "ops/image_resize.h"

#include "ops/ranges.h"

namespace vitrine::ops {

bool ImageResize::Valid() const {
  for (const int64_t size : {height, width, out_height, out_width}) {
    if (size < 1 || size > kMostImagePixels) return false;
  }
  if (channels < 1 || channels > 4 || filter < 0 || filter >= kImageFilters) return false;
  if (!window.Within(height, width) || !kept.Within(out_height, out_width)) return false;
  return Holds(x, height * width * channels) && Holds(y, kept.height * kept.width * channels) &&
         (!Plan().Twice() || Holds(between, window.height * kept.width * channels));
}

void ImageResize::Run(Context& context) {
  const Resampler resampler(Plan(), x, width, channels);
  context.ReserveScratch(CeilDiv(resampler.scratch_bytes(), static_cast<int64_t>(sizeof(float))));
  const auto scratch = [&](int worker) {
    return reinterpret_cast<uint8_t*>(context.Scratch(worker));
  };
  ForRanges(context, resampler.between_rows(), kernels::kBlockRows,
            [&](int64_t begin, int64_t end, int worker) {
              resampler.Between(between, begin, end, scratch(worker));
            });
  ForRanges(context, kept.height, kernels::kBlockRows, [&](int64_t begin, int64_t end, int worker) {
    resampler.Result(y, between, begin, end, scratch(worker));
  });
}

}  // namespace vitrine::ops
