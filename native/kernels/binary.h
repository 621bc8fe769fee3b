#pragma once

#include <cstdint>

#include "kernels/per_isa.h"
#include "kernels/plane.h"

// The functions of two numbers in binary-inl.h, by their place in its table.
namespace vitrine::kernels {

// How many there are.
extern const PerIsa<int32_t()> BinaryCount;

// y = f(a, b), element by element. y's columns lie side by side; it may be an operand whose strides
// are its own.
extern const PerIsa<void(int32_t operation, float* y, const float* a, const float* b,
                         const Plane<3>& plane)>
    Binary;

// y = f(c, a, b): a where the integer c is not 0, else b (operation 0); or the gradient of the
// binary operation k with respect to a (1 + 2 k) or b (2 + 2 k), where c is that of its result.
extern const PerIsa<void(int32_t operation, float* y, const float* c, const float* a,
                         const float* b, const Plane<4>& plane)>
    Ternary;

}  // namespace vitrine::kernels
