#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y = max(x, 0); NaN stays NaN. y may be x.
void ReluForward(float* y, const float* x, int64_t n) noexcept;

// dx = dy where x > 0 or x is NaN, else 0; x may be the forward's input or its output. dx may be dy
// or x.
void ReluBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept;

// The same over x (rows,C), and dbias (C) += the column sums of dx.
void ReluBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                      int64_t C) noexcept;

}  // namespace vitrine::kernels
