#include "ops/linear.h"

#include <algorithm>
#include <vector>

#include "gemm/gemm.h"
#include "kernels/bias.h"
#include "ops/activation.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Rows of dy that one tile takes through the activation's derivative: some microseconds, and few
// enough tiles that the bias gradient's partial sums, a row each, do not count.
int64_t RowStep(int64_t rows, int64_t out) {
  constexpr int64_t kElements = 8 * 1024;
  return EvenStep(rows, std::clamp<int64_t>(kElements / std::max<int64_t>(1, out), 16, 64));
}

}  // namespace

void LinearForward::Run(Context& context) {
  if (Product(rows, out) == 0) return;
  const auto finish = [&](const gemm::Tile& tile) { Finish(tile); };
  gemm::MatrixProduct product{rows, out, in, y, out, {x, in, false}, {weight, in, true}};
  product.bf16 = bf16;
  product.kept_b = kept;
  product.epilogue = finish;
  gemm::Multiply(context, product);
}

void LinearInt8::Run(Context& context) {
  if (Product(rows, out) == 0) return;
  const LinearForward as{y, {}, x, {}, bias, residual, {}, rows, in, out, activation, false};
  const auto finish = [&](const gemm::Tile& tile) { as.Finish(tile); };
  if (in == 0) {
    std::fill_n(y.data, rows * out, 0.0f);
    return finish({0, rows, 0, out});
  }
  gemm::MatrixProduct product{rows, out, in, y, out, {x, in, false}, {nullptr, in, true}};
  product.int8 = true;
  product.kept_b = kept;
  product.epilogue = finish;
  gemm::Multiply(context, product);
}

void LinearForward::Finish(const gemm::Tile& tile) const {
  const int64_t at = tile.row * out + tile.column;
  const float* tile_bias = bias ? bias + tile.column : nullptr;
  float* tile_preactivation = preactivation ? preactivation + at : nullptr;
  switch (static_cast<Activation>(activation)) {
    case Activation::kNone:
      break;
    case Activation::kGelu:
      kernels::AddBiasGelu(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kGeluTanh:
      kernels::AddBiasGeluTanh(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kRelu:
      kernels::AddBiasRelu(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kTanh:
      kernels::AddBiasTanh(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kSilu:
      kernels::AddBiasSilu(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kQuickGelu:
      kernels::AddBiasQuickGelu(y + at, tile_preactivation, tile_bias, tile.rows, tile.columns,
                                out);
      break;
  }
  if (static_cast<Activation>(activation) != Activation::kNone) tile_bias = nullptr;
  if (residual != nullptr) {
    kernels::AddBiasResidual(y + at, tile_bias, residual + at, tile.rows, tile.columns, out);
  } else if (tile_bias != nullptr) {
    kernels::AddBias(y + at, tile_bias, tile.rows, tile.columns, out);
  }
}

void LinearBackward::Run(Context& context) {
  OmitIfEmpty(dx, Product(rows, in));
  OmitIfEmpty(dweight, Product(out, in));
  OmitIfEmpty(dbias, out);
  if (dx == nullptr && dweight == nullptr && dbias == nullptr) return;
  RunRows(context);
  const float* gradient = activation == 0 ? dy.data : dpreactivation.data;
  gemm::MatrixProduct of_x{rows, in, out, dx, in, {gradient, out, false}, {weight, in, false}};
  gemm::MatrixProduct of_weight{out, in, rows, dweight, in, {gradient, out, true}, {x, in, false}};
  of_x.accumulate = accumulate_dx;
  of_weight.accumulate = accumulate_dweight;
  of_weight.splits_depth = true;
  of_x.bf16 = of_weight.bf16 = bf16;
  std::vector<gemm::MatrixProduct> products;
  if (dx != nullptr) products.push_back(of_x);
  if (dweight != nullptr) products.push_back(of_weight);
  gemm::Multiply(context, products);
}

void LinearBackward::RunRows(Context& context) {
  if (activation == 0 && dbias == nullptr) return;
  const int64_t step = RowStep(rows, out);
  const int64_t parts = CeilDiv(rows, step);
  float* partials = context.SharedScratch(dbias == nullptr ? 0 : parts * out);
  ForRanges(context, rows, step, [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * out, count = end - begin;
    const float* gradient = dy + at;
    if (activation != 0) {
      RunActivationBackward(static_cast<Activation>(activation), dpreactivation + at, dy + at,
                            preactivation + at, count * out);
      gradient = dpreactivation + at;
    }
    if (dbias == nullptr) return;
    float* partial = partials + begin / step * out;
    std::fill_n(partial, out, 0.0f);
    kernels::ColumnSum(partial, gradient, count, out, out);
  });
  if (dbias == nullptr) return;
  constexpr int64_t kLeastColumns = 256;
  const int64_t columns = std::max(kLeastColumns, RowsPerTile(parts));
  ForRanges(context, out, columns, [&](int64_t begin, int64_t end, int) {
    if (!accumulate_dbias) std::fill(dbias + begin, dbias + end, 0.0f);
    kernels::ColumnSum(dbias + begin, partials + begin, parts, end - begin, out);
  });
}

}  // namespace vitrine::ops
