#include "ops/linear.h"

#include <algorithm>
#include <vector>

#include "gemm/gemm.h"
#include "kernels/bfloat16.h"
#include "kernels/bias.h"
#include "ops/activation.h"
#include "runtime/tiles.h"

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
  const auto finish = [&](const gemm::Tile& tile) { y.bf16 ? FinishBf16(tile) : Finish(tile); };
  gemm::MatrixProduct product{.m = rows, .n = out, .k = in, .ldc = out};
  product.c = y.bf16 ? nullptr : y.floats();
  product.stored = y.bf16 ? y.halves() : nullptr;
  product.a = {x.data, in, false, x.bf16};
  product.b = {weight, in, true};
  product.bf16 = bf16;
  product.kept_b = kept;
  product.epilogue = finish;
  gemm::Multiply(context, product);
}

void LinearInt8::Run(Context& context) {
  if (Product(rows, out) == 0) return;
  LinearForward as{};
  as.y = {y.data, y.count};
  as.bias = bias;
  as.residual = {residual.data, residual.count};
  as.rows = rows;
  as.out = out;
  as.activation = activation;
  const auto finish = [&](const gemm::Tile& tile) { as.Finish(tile); };
  if (in == 0) {
    std::fill_n(y.data, rows * out, 0.0f);
    return finish({0, rows, 0, out, y, out});
  }
  gemm::MatrixProduct product{rows, out, in, y, out, {x, in, false}, {nullptr, in, true}};
  product.int8 = true;
  product.kept_b = kept;
  product.epilogue = finish;
  gemm::Multiply(context, product);
}

void LinearForward::Finish(const gemm::Tile& tile) const {
  const int64_t at = tile.row * out + tile.column;
  float* const tile_y = y.floats() + at;
  const float* tile_bias = bias ? bias + tile.column : nullptr;
  float* tile_preactivation = preactivation ? preactivation.floats() + at : nullptr;
  switch (static_cast<Activation>(activation)) {
    case Activation::kNone:
      break;
    case Activation::kGelu:
      kernels::AddBiasGelu(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kGeluTanh:
      kernels::AddBiasGeluTanh(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kRelu:
      kernels::AddBiasRelu(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kTanh:
      kernels::AddBiasTanh(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kSilu:
      kernels::AddBiasSilu(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns, out);
      break;
    case Activation::kQuickGelu:
      kernels::AddBiasQuickGelu(tile_y, tile_preactivation, tile_bias, tile.rows, tile.columns,
                                out);
      break;
  }
  if (static_cast<Activation>(activation) != Activation::kNone) tile_bias = nullptr;
  if (residual) {
    kernels::AddBiasResidual(tile_y, tile_bias, residual.floats() + at, tile.rows, tile.columns,
                             out);
  } else if (tile_bias != nullptr) {
    kernels::AddBias(tile_y, tile_bias, tile.rows, tile.columns, out);
  }
}

void LinearForward::FinishBf16(const gemm::Tile& tile) const {
  const int64_t at = tile.row * out + tile.column;
  kernels::FinishBf16(activation,
                      {.y = y.halves() + at,
                       .preactivation = preactivation ? preactivation.halves() + at : nullptr,
                       .c = tile.c,
                       .bias = bias ? bias + tile.column : nullptr,
                       .residual = residual ? residual.halves() + at : nullptr,
                       .rows = tile.rows,
                       .columns = tile.columns,
                       .ldc = tile.ldc,
                       .ldy = out});
}

void LinearBackward::Run(Context& context) {
  OmitIfEmpty(dx, Product(rows, in));
  OmitIfEmpty(dweight, Product(out, in));
  OmitIfEmpty(dbias, out);
  if (!dx && dweight == nullptr && dbias == nullptr) return;
  const gemm::Factor gradient{activation == 0 ? dy.data : dpreactivation.data, out, false, dy.bf16};
  const auto store = [&](const gemm::Tile& tile) {
    Bf16* const to = dx.halves() + tile.row * in + tile.column;
    kernels::FinishBf16(0, {.y = to,
                            .preactivation = nullptr,
                            .c = tile.c,
                            .bias = nullptr,
                            .residual = accumulate_dx ? to : nullptr,
                            .rows = tile.rows,
                            .columns = tile.columns,
                            .ldc = tile.ldc,
                            .ldy = in});
  };
  gemm::MatrixProduct of_x{.m = rows, .n = in, .k = out, .ldc = in, .a = gradient};
  of_x.b = {weight, in, false};
  if (dx.bf16) {
    of_x.stored = dx.halves();
    of_x.epilogue = store;
  } else {
    of_x.c = dx.floats();
    of_x.accumulate = accumulate_dx;
  }
  gemm::MatrixProduct of_weight{.m = out, .n = in, .k = rows, .c = dweight, .ldc = in};
  of_weight.a = gradient.Transposed();
  of_weight.b = {x.data, in, false, x.bf16};
  of_weight.accumulate = accumulate_dweight;
  of_weight.splits_depth = true;
  of_x.bf16 = of_weight.bf16 = bf16;
  std::vector<gemm::MatrixProduct> products;
  if (dx) products.push_back(of_x);
  if (dweight != nullptr) products.push_back(of_weight);
  MultiplyAndSum(context, products);
}

// The products, and in their loops what goes row by row: the bias's gradient in parts, which are
// then added. Only an activation's gradient, which products read, has a loop of its own.
void LinearBackward::MultiplyAndSum(Context& context,
                                    const std::vector<gemm::MatrixProduct>& products) const {
  const int64_t step = RowStep(rows, out), parts = CeilDiv(rows, step);
  float* const partials = context.SharedScratch(dbias == nullptr ? 0 : parts * out);
  const auto take = [&](int64_t tile, int) {
    TakeRows(tile * step, std::min(step, rows - tile * step),
             dbias == nullptr ? nullptr : partials + tile * out);
  };
  constexpr int64_t kLeastColumns = 256;
  const int64_t columns = std::max(kLeastColumns, RowsPerTile(parts));
  const auto add = [&](int64_t tile, int) {
    const int64_t begin = tile * columns, end = std::min(out, begin + columns);
    if (!accumulate_dbias) std::fill(dbias + begin, dbias + end, 0.0f);
    kernels::ColumnSum(dbias + begin, partials + begin, parts, end - begin, out);
  };
  const gemm::Beside sums{dbias == nullptr ? 0 : CeilDiv(out, columns), add};
  if (activation != 0) {
    context.ParallelFor(parts, take);
    return gemm::Multiply(context, products, sums);
  }
  gemm::Multiply(context, products, {dbias == nullptr ? 0 : parts, take}, sums);
}

void LinearBackward::TakeRows(int64_t row, int64_t count, float* partial) const {
  const int64_t at = row * out;
  const void* gradient = dy.data;
  if (activation != 0) {
    RunActivationBackward(static_cast<Activation>(activation), dpreactivation, dy, preactivation,
                          at, count * out);
    gradient = dpreactivation.data;
  }
  if (partial == nullptr) return;
  std::fill_n(partial, out, 0.0f);
  if (dy.bf16) {
    kernels::ColumnSumBf16(partial, static_cast<const Bf16*>(gradient) + at, count, out, out);
  } else {
    kernels::ColumnSum(partial, static_cast<const float*>(gradient) + at, count, out, out);
  }
}

}  // namespace vitrine::ops
