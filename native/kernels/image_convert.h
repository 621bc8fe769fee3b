#pragma once

#include <cstdint>

// Pixels from one way of storing colours to another, as Pillow does (libImaging/Convert.c).
namespace vitrine::kernels {

// y (n) = the luma of x (n,3), ITU-R 601.
void GreyFromRgb(uint8_t* y, const uint8_t* x, int64_t n) noexcept;

// y (n,3) = red, green, blue of x (n,4): cyan, magenta, yellow, black.
void RgbFromCmyk(uint8_t* y, const uint8_t* x, int64_t n) noexcept;

}  // namespace vitrine::kernels
