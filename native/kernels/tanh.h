#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = tanh(x) within 3 ulp; NaN stays NaN. y may be x.
extern const PerIsa<void(float* y, const float* x, int64_t n)> TanhForward;

// dx = dy * (1 - tanh(x)^2). dx may be dy or x.
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> TanhBackward;

}  // namespace vitrine::kernels
