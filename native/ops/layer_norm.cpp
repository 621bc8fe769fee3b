#include "ops/layer_norm.h"

#include <algorithm>

#include "kernels/layer_norm.h"
#include "ops/partials.h"
#include "ops/ranges.h"

namespace vitrine::ops {

void LayerNormForward::Run(Context& context) {
  // Half a usual tile: an element takes longer than to move it, and an image has few.
  ForRows(context, rows, 2 * width, [&](int64_t row, int64_t n) {
    const int64_t at = row * width;
    if (residual != nullptr) {
      return kernels::LayerNormAddForward(sum + at, y.floats() + at, mean + row, rstd + row,
                                          x.floats() + at, residual + at, weight, bias, n, width,
                                          eps);
    }
    const auto run = [&](const auto& kernel, auto* to, const auto* from) {
      kernel(to + at, mean + row, rstd + row, from + at, weight, bias, n, width, eps);
    };
    if (x.bf16) {
      y.bf16 ? run(kernels::LayerNormForwardBf16OfBf16, y.halves(), x.halves())
             : run(kernels::LayerNormForwardOfBf16, y.floats(), x.halves());
    } else {
      y.bf16 ? run(kernels::LayerNormForwardBf16, y.halves(), x.floats())
             : run(kernels::LayerNormForward, y.floats(), x.floats());
    }
  });
}

void LayerNormBackward::Run(Context& context) {
  OmitIfEmpty(dweight, width);
  OmitIfEmpty(dbias, width);
  if (Product(rows, width) == 0 && dweight == nullptr && dbias == nullptr) return;
  const int64_t step = EvenStep(rows, RowsPerPartial(rows, width));
  const int64_t parts = CeilDiv(rows, step);
  // (parts, width) of dweight, then of dbias
  float* partials = context.SharedScratch(2 * std::max<int64_t>(1, parts) * width);
  ForRanges(context, rows, step, [&](int64_t row, int64_t end, int) {
    const int64_t at = row * width;
    float* dweight_part = partials + row / step * width;
    float* dbias_part = dweight_part + parts * width;
    std::fill_n(dweight_part, width, 0.0f);
    std::fill_n(dbias_part, width, 0.0f);
    const auto run = [&](const auto& kernel, const auto* gradient, auto* to, const auto* from,
                         const auto* past) {
      kernel(to + at, dweight ? dweight_part : nullptr, dbias ? dbias_part : nullptr, gradient + at,
             from + at, mean + row, rstd + row, weight, past ? past + at : nullptr, end - row,
             width);
    };
    if (x.bf16) {
      dy.bf16 ? run(kernels::LayerNormBackwardBf16OfBf16, dy.halves(), dx.halves(), x.halves(),
                    dsum.halves())
              : run(kernels::LayerNormBackwardOfBf16, dy.floats(), dx.halves(), x.halves(),
                    dsum.halves());
    } else {
      dy.bf16
          ? run(kernels::LayerNormBackwardBf16, dy.halves(), dx.floats(), x.floats(), dsum.floats())
          : run(kernels::LayerNormBackward, dy.floats(), dx.floats(), x.floats(), dsum.floats());
    }
  });
  if (dweight != nullptr) CombinePartials(context, dweight, partials, parts, width, accumulate);
  if (dbias != nullptr)
    CombinePartials(context, dbias, partials + parts * width, parts, width, accumulate);
}

}  // namespace vitrine::ops
