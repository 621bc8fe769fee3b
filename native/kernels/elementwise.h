#pragma once

#include <cstdint>

// In all of these the output may be any of the inputs of its own shape.
namespace vitrine::kernels {

void Add(float* y, const float* a, const float* b, int64_t n) noexcept;       // y = a + b
void Scale(float* y, const float* x, float a, int64_t n) noexcept;            // y = a x
void Affine(float* y, const float* x, float a, float b, int64_t n) noexcept;  // y = a x + b
void Axpy(float* y, const float* x, float a, int64_t n) noexcept;             // y += a x

// Summed in double, in an order that depends on n and the instruction set alone.
float Sum(const float* x, int64_t n) noexcept;
double SumSquares(const float* x, int64_t n) noexcept;

}  // namespace vitrine::kernels
