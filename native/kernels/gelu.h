#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y = gelu(x), the erf form (torch.nn.functional.gelu), within 2e-7 |x|. y may be x.
void GeluForward(float* y, const float* x, int64_t n) noexcept;

// dx = dy gelu'(x). dx may be dy or x.
void GeluBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept;

// The same over x (rows,C), and dbias (C) += the column sums of dx.
void GeluBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                      int64_t C) noexcept;

// The tanh form (approximate='tanh'); see the erf form.
void GeluTanhForward(float* y, const float* x, int64_t n) noexcept;
void GeluTanhBackward(float* dx, const float* dy, const float* x, int64_t n) noexcept;
void GeluTanhBackwardBias(float* dx, float* dbias, const float* dy, const float* x, int64_t rows,
                          int64_t C) noexcept;

}  // namespace vitrine::kernels
