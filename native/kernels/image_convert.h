#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// Pixels from one way of storing colours to another, as Pillow does (libImaging/Convert.c).
namespace vitrine::kernels {

// y (n) = the luma of x (n,3), ITU-R 601.
extern const PerIsa<void(uint8_t* y, const uint8_t* x, int64_t n)> GreyFromRgb;

// y (n,3) = red, green, blue of x (n,4): cyan, magenta, yellow, black.
extern const PerIsa<void(uint8_t* y, const uint8_t* x, int64_t n)> RgbFromCmyk;

}  // namespace vitrine::kernels
