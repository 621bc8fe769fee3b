#pragma once

#include <cstdint>

#include "kernels/per_isa.h"
#include "runtime/bfloat16.h"

namespace vitrine::kernels {

// y = (x - mean) rstd weight + bias over each row of x (rows,C), with rstd = 1 / sqrt(variance +
// eps); mean and rstd (rows) are kept for backward. weight and bias (C) may each be null. y may be
// x.
extern const PerIsa<void(float* y, float* mean, float* rstd, const float* x, const float* weight,
                         const float* bias, int64_t rows, int64_t C, float eps)>
    LayerNormForward;

// The same, with y rounded to bfloat16.
extern const PerIsa<void(Bf16* y, float* mean, float* rstd, const float* x, const float* weight,
                         const float* bias, int64_t rows, int64_t C, float eps)>
    LayerNormForwardBf16;

// The same for an x of bfloat16, which is taken as the float32 that it is.
extern const PerIsa<void(float* y, float* mean, float* rstd, const Bf16* x, const float* weight,
                         const float* bias, int64_t rows, int64_t C, float eps)>
    LayerNormForwardOfBf16;
extern const PerIsa<void(Bf16* y, float* mean, float* rstd, const Bf16* x, const float* weight,
                         const float* bias, int64_t rows, int64_t C, float eps)>
    LayerNormForwardBf16OfBf16;

// sum = x + residual, and y = the layer norm of sum. sum may be x or residual, and y may be any of
// them if sum is not needed after.
extern const PerIsa<void(float* sum, float* y, float* mean, float* rstd, const float* x,
                         const float* residual, const float* weight, const float* bias,
                         int64_t rows, int64_t C, float eps)>
    LayerNormAddForward;

// dx = the gradient through the norm, plus dresidual (rows,C) if not null; dx may be dresidual, dy
// or x. dweight and dbias (C) are added to, and may each be null.
extern const PerIsa<void(float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                         const float* mean, const float* rstd, const float* weight,
                         const float* dresidual, int64_t rows, int64_t C)>
    LayerNormBackward;

// The same, for a dy of bfloat16, of which dx is none.
extern const PerIsa<void(float* dx, float* dweight, float* dbias, const Bf16* dy, const float* x,
                         const float* mean, const float* rstd, const float* weight,
                         const float* dresidual, int64_t rows, int64_t C)>
    LayerNormBackwardBf16;

// The same for an x of bfloat16: dx, which is rounded once it is summed, and dresidual are, too.
extern const PerIsa<void(Bf16* dx, float* dweight, float* dbias, const float* dy, const Bf16* x,
                         const float* mean, const float* rstd, const float* weight,
                         const Bf16* dresidual, int64_t rows, int64_t C)>
    LayerNormBackwardOfBf16;
extern const PerIsa<void(Bf16* dx, float* dweight, float* dbias, const Bf16* dy, const Bf16* x,
                         const float* mean, const float* rstd, const float* weight,
                         const Bf16* dresidual, int64_t rows, int64_t C)>
    LayerNormBackwardBf16OfBf16;

}  // namespace vitrine::kernels
