#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y (n) = (x - offset) / divisor, of bytes that lie `stride` apart.
void NormalizeBytes(float* y, const uint8_t* x, int64_t stride, float offset, float divisor,
                    int64_t n) noexcept;

}  // namespace vitrine::kernels
