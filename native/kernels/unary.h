#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// The functions of one number in unary-inl.h, by their place in its table.
namespace vitrine::kernels {

// How many there are.
extern const PerIsa<int32_t()> UnaryCount;

// y = f(x), element by element, where p and q are the operation's own numbers. y may be x.
extern const PerIsa<void(int32_t operation, float* y, const float* x, int64_t n, float p, float q)>
    UnaryForward;

// dx = dy * f'(x), from x or y as the operation asks. dx may be dy.
extern const PerIsa<void(int32_t operation, float* dx, const float* dy, const float* saved,
                         int64_t n, float p, float q)>
    UnaryBackward;

}  // namespace vitrine::kernels
