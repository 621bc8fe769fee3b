#include "kernels/image_convert.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/image_convert.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Plain loops, which the compiler turns into vectors for each instruction set.

// Pillow's L24: the weights of red, green and blue in 65,536ths.
void GreyFromRgb(uint8_t* y, const uint8_t* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t luma = 19595u * x[3 * i] + 38470u * x[3 * i + 1] + 7471u * x[3 * i + 2];
    y[i] = static_cast<uint8_t>((luma + 0x8000u) >> 16);
  }
}

// Pillow's cmyk2rgb; a b / 255 rounded is its MULDIV255.
void RgbFromCmyk(uint8_t* y, const uint8_t* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t light = 255u - x[4 * i + 3];
    for (int64_t c = 0; c < 3; ++c) {
      const uint32_t product = x[4 * i + c] * light + 128u;
      y[3 * i + c] = static_cast<uint8_t>(light - (((product >> 8) + product) >> 8));
    }
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(GreyFromRgb);
KERNEL(RgbFromCmyk);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
