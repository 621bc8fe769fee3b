#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y = softmax(x) over each row of x (rows,C). y may be x. A row with a NaN, +infinity or nothing
// but -infinity is NaN.
extern const PerIsa<void(float* y, const float* x, int64_t rows, int64_t C)> SoftmaxForward;

// dx = y (dy - sum(dy y)) over each row, with y the forward's output. dx may be dy or y.
extern const PerIsa<void(float* dx, const float* dy, const float* y, int64_t rows, int64_t C)>
    SoftmaxBackward;

// sum = the sum of e^(x - shift), where shift is the largest of x, or 0 where that is infinite.
extern const PerIsa<void(float* shift, float* sum, const float* x, int64_t n)> SumExp;

}  // namespace vitrine::kernels
