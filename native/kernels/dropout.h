#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y = x / (1 - p) where element offset + i of the stream `seed` (UniformFill's) is at least p, else
// 0. Backward is the same call with dy for x. y may be x.
void DropoutForward(float* y, const float* x, int64_t n, float p, uint64_t seed,
                    uint64_t offset) noexcept;

}  // namespace vitrine::kernels
