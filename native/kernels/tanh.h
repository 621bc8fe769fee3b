#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y = tanh(x) within 3 ulp; NaN stays NaN. y may be x.
void TanhForward(float* y, const float* x, int64_t n) noexcept;

// dx = dy * (1 - tanh(x)^2). dx may be dy or x.
void TanhBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept;

}  // namespace vitrine::kernels
