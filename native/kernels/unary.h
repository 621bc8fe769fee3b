#pragma once

#include <cstdint>

// The functions of one number in unary-inl.h, by their place in its table.
namespace vitrine::kernels {

// How many there are.
int32_t UnaryCount() noexcept;

// y = f(x), element by element, where p and q are the operation's own numbers. y may be x.
void UnaryForward(int32_t operation, float* y, const float* x, int64_t n, float p,
                  float q) noexcept;

// dx = dy * f'(x), from x or y as the operation asks. dx may be dy.
void UnaryBackward(int32_t operation, float* dx, const float* dy, const float* saved, int64_t n,
                   float p, float q) noexcept;

}  // namespace vitrine::kernels
