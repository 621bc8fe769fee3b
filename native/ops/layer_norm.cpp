#include "ops/layer_norm.h"

#include <algorithm>

#include "kernels/layer_norm.h"
#include "ops/partials.h"
#include "ops/ranges.h"

namespace vitrine::ops {

void LayerNormForward::Run(Context& context) {
  ForRows(context, rows, width, [&](int64_t row, int64_t n) {
    const int64_t at = row * width;
    if (y.bf16) {
      kernels::LayerNormForwardBf16(y.halves() + at, mean + row, rstd + row, x + at, weight, bias,
                                    n, width, eps);
    } else if (residual != nullptr) {
      kernels::LayerNormAddForward(sum + at, y.floats() + at, mean + row, rstd + row, x + at,
                                   residual + at, weight, bias, n, width, eps);
    } else {
      kernels::LayerNormForward(y.floats() + at, mean + row, rstd + row, x + at, weight, bias, n,
                                width, eps);
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
    const auto run = [&](const auto& kernel, const auto* gradient) {
      kernel(dx + at, dweight ? dweight_part : nullptr, dbias ? dbias_part : nullptr, gradient + at,
             x + at, mean + row, rstd + row, weight, dsum ? dsum + at : nullptr, end - row, width);
    };
    dy.bf16 ? run(kernels::LayerNormBackwardBf16, dy.halves())
            : run(kernels::LayerNormBackward, dy.floats());
  });
  if (dweight != nullptr) CombinePartials(context, dweight, partials, parts, width, accumulate);
  if (dbias != nullptr)
    CombinePartials(context, dbias, partials + parts * width, parts, width, accumulate);
}

}  // namespace vitrine::ops
