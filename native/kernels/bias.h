#pragma once

#include <cstdint>

// What follows a matrix product, run in place over a tile of its result while that is warm.
namespace vitrine::kernels {

// y += bias. y (rows,C) with row stride ldy; bias (C), or null.
void AddBias(float* y, const float* bias, int64_t rows, int64_t C, int64_t ldy) noexcept;

// y = act(y + bias). preactivation receives y + bias, for backward, with row stride ldy too; null
// when not needed.
void AddBiasGelu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) noexcept;
void AddBiasGeluTanh(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                     int64_t ldy) noexcept;
void AddBiasRelu(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) noexcept;
void AddBiasTanh(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                 int64_t ldy) noexcept;

// y += bias + residual, residual (rows,C) with row stride ldy too.
void AddBiasResidual(float* y, const float* bias, const float* residual, int64_t rows, int64_t C,
                     int64_t ldy) noexcept;

// out (C) += the column sums of x (rows,C), row stride ldx: the bias's gradient. Sums in float:
// keep a call to some thousands of rows.
void ColumnSum(float* out, const float* x, int64_t rows, int64_t C, int64_t ldx) noexcept;

}  // namespace vitrine::kernels
