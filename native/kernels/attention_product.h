#pragma once

#include <cstdint>

#include "kernels/per_isa.h"
#include "runtime/bfloat16.h"

// The matrix products of attention on one head, register-blocked. Measured on one AVX-512 core of
// an Emerald Rapids (170 GFLOP/s at most), T tokens of head width D, against OpenBLAS 0.3.21:
//
//               T=197 D=64      T=17 D=16
//   q k^T       160 / 117        70 / 10  GFLOP/s
//   P v         167 / 126        93 / 38
//   dS^T q      167 / 132       118 / 51
//
// A BLAS call packs both operands each time; here a head's keys and values are packed once.
namespace vitrine::kernels {

// Rows of what is called packed are padded to a multiple of this many floats.
constexpr int64_t kAttentionPad = 16;

// out = x (rows, columns), then zeros up to the column `padded`.
extern const PerIsa<void(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                         int64_t columns, int64_t padded)>
    AttentionCopyRows;

// out (rows, columns) = scale * x.
extern const PerIsa<void(float* out, const float* x, int64_t ldx, int64_t rows, int64_t columns,
                         float scale)>
    AttentionScaleCopy;

// The same for an x of bfloat16.
extern const PerIsa<void(float* out, const Bf16* x, int64_t ldx, int64_t rows, int64_t columns,
                         float scale)>
    AttentionScaleCopyBf16;

// out = x (rows, columns), row i multiplied by row_scale[i] unless that is null, as bfloat16.
extern const PerIsa<void(Bf16* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                         int64_t columns, const float* row_scale)>
    AttentionStoreBf16;

// out (columns, rows) packed = scale * x^T, then zeros, for x (rows, columns).
extern const PerIsa<void(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                         int64_t columns, float scale)>
    AttentionPackTransposed;

// The operands of c (m,n) = a (m,k) b (k,n). b and c are packed: what pads their rows is read and
// written.
struct AttentionProduct {
  float* c;
  int64_t ldc;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t ldb;
  int64_t m, n, k;
};

// c = a b, with row i multiplied by row_scale[i] unless that is null.
extern const PerIsa<void(const AttentionProduct& product, const float* row_scale)>
    AttentionMultiply;

// c += a^T b, with a as stored (k,m).
extern const PerIsa<void(const AttentionProduct& product)> AttentionAddTransposed;

// c = scale * p * (a b - delta): the gradient through the softmax whose result is p (m,n), with
// rows as c's, for delta (m).
extern const PerIsa<void(const AttentionProduct& product, const float* p, const float* delta,
                         float scale)>
    AttentionScoreGradient;

}  // namespace vitrine::kernels
