#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y (n) = (x - offset) / divisor, of bytes that lie `stride` apart.
extern const PerIsa<void(float* y, const uint8_t* x, int64_t stride, float offset, float divisor,
                         int64_t n)>
    NormalizeBytes;

}  // namespace vitrine::kernels
