#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y = x rounded to bfloat16, to nearest, ties to even, as bits. NaN stays NaN.
void RoundToBf16(uint16_t* y, const float* x, int64_t n) noexcept;

}  // namespace vitrine::kernels
