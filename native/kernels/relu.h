#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = max(x, 0); NaN stays NaN. y may be x.
extern const PerIsa<void(float* y, const float* x, int64_t n)> ReluForward;

// dx = dy where x > 0 or x is NaN, else 0; x may be the forward's input or its output. dx may be dy
// or x.
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> ReluBackward;

}  // namespace vitrine::kernels
