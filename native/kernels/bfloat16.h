#pragma once

#include <cstdint>

#include "kernels/per_isa.h"
#include "runtime/bfloat16.h"

// What works on bfloat16 in memory: on vectors it is float32, rounded to the nearest as it is
// stored. In all of these the output may be an input of its own shape and kind.
namespace vitrine::kernels {

extern const PerIsa<void(float* y, const Bf16* x, int64_t n)> WidenBf16;   // y = x
extern const PerIsa<void(Bf16* y, const float* x, int64_t n)> NarrowBf16;  // y = x, rounded

// y = act(x), and dx = dy act'(x): by the activation's number, of ops/activation.h.
extern const PerIsa<void(int32_t activation, Bf16* y, const Bf16* x, int64_t n)>
    ActivationForwardBf16;
extern const PerIsa<void(int32_t activation, Bf16* dx, const Bf16* dy, const Bf16* x, int64_t n)>
    ActivationBackwardBf16;

// y = act(c + bias) + residual, for c (rows,C) with row stride ldc and all else with row stride
// ldy. preactivation receives c + bias. It, bias (C) and residual may each be null; residual may be
// y.
struct FinishedRows {
  Bf16* y;
  Bf16* preactivation;
  const float* c;
  const float* bias;
  const Bf16* residual;
  int64_t rows, columns, ldc, ldy;
};
extern const PerIsa<void(int32_t activation, const FinishedRows& of)> FinishBf16;

// As ColumnSum of kernels/bias.h.
extern const PerIsa<void(float* out, const Bf16* x, int64_t rows, int64_t C, int64_t ldx)>
    ColumnSumBf16;

}  // namespace vitrine::kernels
