#include "kernels/layer_norm.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <cmath>

#include "kernels/bfloat16-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// y = (x - mean) rstd weight + bias on one row whose elements add up to total.
template <class Rounding, class Y, class X>
HWY_INLINE void NormalizeRow(Rounding rounding, Y* y, float* mean, float* rstd, const X* x,
                             const float* weight, const float* bias, size_t C, float eps,
                             float total) {
  // Corrected two-pass algorithm (Chan, Golub and LeVeque 1983): the sum of deviations repairs what
  // rounding took from the first mean, so a row far from zero loses nothing.
  const float count = static_cast<float>(C);
  const float first = total / count;
  const VF shift = Splat(first);
  Sums deviations, squares;
  ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
    const VF deviation = io.Keep(hn::Sub(Get(io, x + i), shift));
    deviations.part[k] = hn::Add(deviations.part[k], deviation);
    squares.part[k] = hn::MulAdd(deviation, deviation, squares.part[k]);
  });
  const float correction = deviations.Total() / count;
  const float variance = squares.Total() / count - correction * correction;
  const float scale = 1.0f / std::sqrt(variance + eps);
  *mean = first + correction;
  *rstd = scale;

  const VF vcorrection = Splat(correction);
  const VF vscale = Splat(scale);
  ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
    VF v = hn::Mul(hn::Sub(hn::Sub(Get(io, x + i), shift), vcorrection), vscale);
    if (weight != nullptr) v = hn::Mul(v, io.Load(weight + i));
    if (bias != nullptr) v = hn::Add(v, io.Load(bias + i));
    PutResult(rounding, io, v, y + i);
  });
}

template <class Y, class X>
HWY_INLINE void ForwardRows(Y* y, float* mean, float* rstd, const X* x, const float* weight,
                            const float* bias, int64_t rows, int64_t C, float eps) {
  WithRounding<Y>([&](auto rounding) KERNEL_INLINE {
    for (int64_t row = 0; row < rows; ++row, x += C, y += C) {
      Sums sums;
      ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
        sums.part[k] = hn::Add(sums.part[k], Get(io, x + i));
      });
      NormalizeRow(rounding, y, mean + row, rstd + row, x, weight, bias, C, eps, sums.Total());
    }
  });
}

void LayerNormForward(float* y, float* mean, float* rstd, const float* x, const float* weight,
                      const float* bias, int64_t rows, int64_t C, float eps) {
  ForwardRows(y, mean, rstd, x, weight, bias, rows, C, eps);
}
void LayerNormForwardBf16(Bf16* y, float* mean, float* rstd, const float* x, const float* weight,
                          const float* bias, int64_t rows, int64_t C, float eps) {
  ForwardRows(y, mean, rstd, x, weight, bias, rows, C, eps);
}

void LayerNormForwardOfBf16(float* y, float* mean, float* rstd, const Bf16* x, const float* weight,
                            const float* bias, int64_t rows, int64_t C, float eps) {
  ForwardRows(y, mean, rstd, x, weight, bias, rows, C, eps);
}
void LayerNormForwardBf16OfBf16(Bf16* y, float* mean, float* rstd, const Bf16* x,
                                const float* weight, const float* bias, int64_t rows, int64_t C,
                                float eps) {
  ForwardRows(y, mean, rstd, x, weight, bias, rows, C, eps);
}

void LayerNormAddForward(float* sum, float* y, float* mean, float* rstd, const float* x,
                         const float* residual, const float* weight, const float* bias,
                         int64_t rows, int64_t C, float eps) {
  for (int64_t row = 0; row < rows; ++row, sum += C, y += C, x += C, residual += C) {
    Sums sums;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      const VF added = hn::Add(io.Load(x + i), io.Load(residual + i));
      io.Store(added, sum + i);
      sums.part[k] = hn::Add(sums.part[k], added);
    });
    NormalizeRow(ByIntegers(), y, mean + row, rstd + row, sum, weight, bias, C, eps, sums.Total());
  }
}

template <class DY, class X>
HWY_INLINE void BackwardRows(X* dx, float* dweight, float* dbias, const DY* dy, const X* x,
                             const float* mean, const float* rstd, const float* weight,
                             const X* dresidual, int64_t rows, int64_t C) {
  WithRounding<X>([&](auto rounding) KERNEL_INLINE {
    for (int64_t row = 0; row < rows; ++row, dx += C, dy += C, x += C) {
      const VF vmean = Splat(mean[row]);
      const VF vrstd = Splat(rstd[row]);
      // With xhat = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - xhat mean(g xhat)).
      Sums sum_g, sum_gx;
      ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
        const VF xhat = hn::Mul(hn::Sub(Get(io, x + i), vmean), vrstd);
        const VF vdy = Get(io, dy + i);
        const VF g = weight != nullptr ? hn::Mul(vdy, io.Load(weight + i)) : vdy;
        sum_g.part[k] = hn::Add(sum_g.part[k], g);
        // g is 0 past the end of the row, where xhat is not.
        sum_gx.part[k] = hn::MulAdd(g, io.Keep(xhat), sum_gx.part[k]);
        if (dweight != nullptr) io.Store(hn::MulAdd(vdy, xhat, io.Load(dweight + i)), dweight + i);
        if (dbias != nullptr) io.Store(hn::Add(io.Load(dbias + i), vdy), dbias + i);
      });
      const float count = static_cast<float>(C);
      const VF mean_g = Splat(sum_g.Total() / count);
      const VF mean_gx = Splat(sum_gx.Total() / count);
      ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
        const VF xhat = hn::Mul(hn::Sub(Get(io, x + i), vmean), vrstd);
        VF g = Get(io, dy + i);
        if (weight != nullptr) g = hn::Mul(g, io.Load(weight + i));
        VF gradient = hn::Mul(vrstd, hn::NegMulAdd(xhat, mean_gx, hn::Sub(g, mean_g)));
        if (dresidual != nullptr) gradient = hn::Add(gradient, Get(io, dresidual + i));
        PutResult(rounding, io, gradient, dx + i);
      });
      if (dresidual != nullptr) dresidual += C;
    }
  });
}

void LayerNormBackward(float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                       const float* mean, const float* rstd, const float* weight,
                       const float* dresidual, int64_t rows, int64_t C) {
  BackwardRows(dx, dweight, dbias, dy, x, mean, rstd, weight, dresidual, rows, C);
}
void LayerNormBackwardBf16(float* dx, float* dweight, float* dbias, const Bf16* dy, const float* x,
                           const float* mean, const float* rstd, const float* weight,
                           const float* dresidual, int64_t rows, int64_t C) {
  BackwardRows(dx, dweight, dbias, dy, x, mean, rstd, weight, dresidual, rows, C);
}
void LayerNormBackwardOfBf16(Bf16* dx, float* dweight, float* dbias, const float* dy, const Bf16* x,
                             const float* mean, const float* rstd, const float* weight,
                             const Bf16* dresidual, int64_t rows, int64_t C) {
  BackwardRows(dx, dweight, dbias, dy, x, mean, rstd, weight, dresidual, rows, C);
}
void LayerNormBackwardBf16OfBf16(Bf16* dx, float* dweight, float* dbias, const Bf16* dy,
                                 const Bf16* x, const float* mean, const float* rstd,
                                 const float* weight, const Bf16* dresidual, int64_t rows,
                                 int64_t C) {
  BackwardRows(dx, dweight, dbias, dy, x, mean, rstd, weight, dresidual, rows, C);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(LayerNormForward);
KERNEL(LayerNormForwardBf16);
KERNEL(LayerNormForwardOfBf16);
KERNEL(LayerNormForwardBf16OfBf16);
KERNEL(LayerNormAddForward);
KERNEL(LayerNormBackward);
KERNEL(LayerNormBackwardBf16);
KERNEL(LayerNormBackwardOfBf16);
KERNEL(LayerNormBackwardBf16OfBf16);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
