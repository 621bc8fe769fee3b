#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = x with each pair of channels turned by its angle: (a, b) becomes (a cos - b sin, b cos + a
// sin). x (heads,2*pairs); cos and sin (pairs) serve every head; a `turn` of -1 turns back. Pairs
// are channels `pairs` apart. y may be x.
extern const PerIsa<void(float* y, const float* x, const float* cos, const float* sin,
                         int64_t heads, int64_t pairs, float turn)>
    RotateHalves;

// Likewise of neighbours: channels 2i and 2i + 1.
extern const PerIsa<void(float* y, const float* x, const float* cos, const float* sin,
                         int64_t heads, int64_t pairs, float turn)>
    RotateNeighbours;

}  // namespace vitrine::kernels
