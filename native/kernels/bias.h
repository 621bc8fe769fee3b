#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// What follows a matrix product, run in place over a tile of its result while that is warm.
namespace vitrine::kernels {

// y += bias. y (rows,C) with row stride ldy; bias (C), or null.
extern const PerIsa<void(float* y, const float* bias, int64_t rows, int64_t C, int64_t ldy)>
    AddBias;

// y = act(y + bias). preactivation receives y + bias, for backward, with row stride ldy too; null
// when not needed.
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasGelu;
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasGeluTanh;
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasRelu;
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasTanh;
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasSilu;
extern const PerIsa<void(float* y, float* preactivation, const float* bias, int64_t rows, int64_t C,
                         int64_t ldy)>
    AddBiasQuickGelu;

// y += bias + residual, residual (rows,C) with row stride ldy too.
extern const PerIsa<void(float* y, const float* bias, const float* residual, int64_t rows,
                         int64_t C, int64_t ldy)>
    AddBiasResidual;

// out (C) += the column sums of x (rows,C), row stride ldx: the bias's gradient. Sums in float:
// keep a call to some thousands of rows.
extern const PerIsa<void(float* out, const float* x, int64_t rows, int64_t C, int64_t ldx)>
    ColumnSum;

}  // namespace vitrine::kernels
