#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = x / (1 - p) where element offset + i of the stream `seed` (UniformFill's) is at least p, else
// 0. Backward is the same call with dy for x. y may be x.
extern const PerIsa<void(float* y, const float* x, int64_t n, float p, uint64_t seed,
                         uint64_t offset)>
    DropoutForward;

}  // namespace vitrine::kernels
