#pragma once

#include <cstdint>

// In all of these the output may be any of the inputs of its own shape.
namespace vitrine::kernels {

void Add(float* y, const float* a, const float* b, int64_t n) noexcept;       // y = a + b
void Mul(float* y, const float* a, const float* b, int64_t n) noexcept;       // y = a b
void Scale(float* y, const float* x, float a, int64_t n) noexcept;            // y = a x
void AddScalar(float* y, const float* x, float b, int64_t n) noexcept;        // y = x + b
void Affine(float* y, const float* x, float a, float b, int64_t n) noexcept;  // y = a x + b
void Axpy(float* y, const float* x, float a, int64_t n) noexcept;             // y += a x
void Fill(float* y, float value, int64_t n) noexcept;                         // y = value

// y (rows,C) = x (rows,C) with row (C) added to, or multiplied into, each row.
void AddRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) noexcept;
void MulRow(float* y, const float* x, const float* row, int64_t rows, int64_t C) noexcept;

// y (rows,C) = x (rows,C) with column[r] added to, or multiplied into, the whole of row r.
void AddColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) noexcept;
void MulColumn(float* y, const float* x, const float* column, int64_t rows, int64_t C) noexcept;

// Summed in double, in an order that depends on n and the instruction set alone.
float Sum(const float* x, int64_t n) noexcept;
double SumSquares(const float* x, int64_t n) noexcept;

}  // namespace vitrine::kernels
