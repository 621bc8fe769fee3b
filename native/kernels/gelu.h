#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = gelu(x), the erf form (torch.nn.functional.gelu), within 2e-7 |x|. y may be x.
extern const PerIsa<void(float* y, const float* x, int64_t n)> GeluForward;

// dx = dy gelu'(x). dx may be dy or x.
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> GeluBackward;

// The tanh form (approximate='tanh'); see the erf form.
extern const PerIsa<void(float* y, const float* x, int64_t n)> GeluTanhForward;
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> GeluTanhBackward;

}  // namespace vitrine::kernels
