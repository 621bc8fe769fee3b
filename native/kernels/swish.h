#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = x sigmoid(x) (torch.nn.functional.silu). y may be x.
extern const PerIsa<void(float* y, const float* x, int64_t n)> SiluForward;

// dx = dy silu'(x). dx may be dy or x.
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> SiluBackward;

// y = x sigmoid(1.702 x), CLIP's approximation of gelu; see silu.
extern const PerIsa<void(float* y, const float* x, int64_t n)> QuickGeluForward;
extern const PerIsa<void(float* dx, const float* dy, const float* x, int64_t n)> QuickGeluBackward;

// y = silu(gate) x, where a row of both (rows,2C) has C gates and then C of x; y (rows,C).
extern const PerIsa<void(float* y, const float* both, int64_t rows, int64_t C)> SwigluForward;

// dboth (rows,2C) from dy (rows,C); dboth may be both.
extern const PerIsa<void(float* dboth, const float* dy, const float* both, int64_t rows, int64_t C)>
    SwigluBackward;

}  // namespace vitrine::kernels
