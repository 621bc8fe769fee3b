#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// In all of these the output may be any of the inputs of its own shape.
namespace vitrine::kernels {

extern const PerIsa<void(float* y, const float* a, const float* b, int64_t n)> Add;  // y = a + b
extern const PerIsa<void(float* y, const float* x, float a, int64_t n)> Scale;       // y = a x
extern const PerIsa<void(float* y, const float* x, float a, float b, int64_t n)>
    Affine;                                                                    // y = a x + b
extern const PerIsa<void(float* y, const float* x, float a, int64_t n)> Axpy;  // y += a x

// Summed in double, in an order that depends on n and the instruction set alone.
extern const PerIsa<float(const float* x, int64_t n)> Sum;
extern const PerIsa<double(const float* x, int64_t n)> SumSquares;

}  // namespace vitrine::kernels
