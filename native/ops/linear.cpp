#include "ops/linear.h"

#include <algorithm>
#include <atomic>

#include "kernels/bias.h"
#include "ops/activation.h"
#include "ops/factor.h"
#include "ops/packed.h"
#include "ops/tile_grid.h"

namespace vitrine::ops {
namespace {

using gemm::Bf16;
using gemm::Transpose;

// Rows of dy that one tile takes through the activation's derivative; 64 rows of 3072 floats fit
// L2.
constexpr int64_t kRowsPerTile = 64;

int64_t RowTiles(int64_t rows) { return (rows + kRowsPerTile - 1) / kRowsPerTile; }

// Floats that hold as many bfloat16s, and a cache line's worth between them.
int64_t Bf16Floats(int64_t count) { return (count / 2 + 31) / 16 * 16; }

constexpr const char* kBf16Failed =
    "Expected oneDNN to multiply bfloat16 matrices for linear but it failed. Use precision: "
    "'fp32'.";

}  // namespace

void LinearForward::Run(Context& context) {
  Bf16* rounded_x = nullptr;
  Bf16* rounded_weight = nullptr;
  if (bf16) {
    float* scratch = context.SharedScratch(Bf16Floats(rows * in) + Bf16Floats(out * in));
    rounded_x = reinterpret_cast<Bf16*>(scratch);
    rounded_weight = reinterpret_cast<Bf16*>(scratch + Bf16Floats(rows * in));
    const int64_t x_tiles = RoundTiles(rows * in);
    context.ParallelFor(x_tiles + RoundTiles(out * in), [&](int64_t index, int) {
      if (index < x_tiles) return RoundOneTile(rounded_x, x, rows * in, index);
      RoundOneTile(rounded_weight, weight, out * in, index - x_tiles);
    });
  }
  const Factor factor_x{x, rounded_x, in};
  const Factor factor_weight{weight, rounded_weight, in};

  if (!bf16 && PackedProduct::Pays(rows, out, in)) {
    const PackedProduct product{y, out, x, in, weight, in, true, rows, out, in};
    float* shared = context.SharedScratch(product.SharedScratch());
    return product.Run(context, shared, [&](const Tile& tile) { Finish(tile); });
  }

  std::atomic<bool> done{true};
  const TileGrid grid(rows, out, in);
  context.ParallelFor(grid.size(), [&](int64_t index, int) {
    const Tile tile = grid[index];
    if (!Multiply(Transpose::kNo, Transpose::kYes, tile.rows, tile.columns, in,
                  factor_x.At(tile.row, 0), factor_weight.At(tile.column, 0), false,
                  y + tile.row * out + tile.column, out)) {
      done = false;
    }
    Finish(tile);
  });
  if (!done) context.Fail(kBf16Failed);
}

void LinearForward::Finish(const Tile& tile) const {
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
  }
  if (static_cast<Activation>(activation) != Activation::kNone) tile_bias = nullptr;
  if (residual != nullptr) {
    kernels::AddBiasResidual(y + at, tile_bias, residual + at, tile.rows, tile.columns, out);
  } else if (tile_bias != nullptr) {
    kernels::AddBias(y + at, tile_bias, tile.rows, tile.columns, out);
  }
}

void LinearBackward::Run(Context& context) {
  const bool active = static_cast<Activation>(activation) != Activation::kNone;
  const float* gradient = active ? dpreactivation.data : dy.data;

  const PackedProduct product{dx,    in,   gradient, out, weight,       in,
                              false, rows, in,       out, accumulate_dx};
  const bool packs = dx != nullptr && !bf16 && PackedProduct::Pays(rows, in, out);

  // Scratch: the bias gradient's partial sums, one row of them a tile; then what is rounded or
  // packed.
  const int64_t partial_count = dbias != nullptr ? std::max<int64_t>(1, RowTiles(rows)) * out : 0;
  const int64_t round_x = bf16 && dweight != nullptr ? rows * in : 0;
  const int64_t round_weight = bf16 && dx != nullptr ? out * in : 0;
  float* partials = context.SharedScratch(partial_count + Bf16Floats(bf16 ? rows * out : 0) +
                                          Bf16Floats(round_x) + Bf16Floats(round_weight) + 16 +
                                          (packs ? product.SharedScratch() : 0));
  float* behind_partials = partials + (partial_count + 15) / 16 * 16;
  Bf16* rounded_gradient = nullptr;
  Bf16* rounded_x = nullptr;
  Bf16* rounded_weight = nullptr;
  if (bf16) {
    rounded_gradient = reinterpret_cast<Bf16*>(behind_partials);
    rounded_x = reinterpret_cast<Bf16*>(behind_partials + Bf16Floats(rows * out));
    rounded_weight =
        reinterpret_cast<Bf16*>(behind_partials + Bf16Floats(rows * out) + Bf16Floats(round_x));
  }

  // First pass: through the activation, the bias gradient's partial sums, and rounding.
  const int64_t row_tiles = active || dbias != nullptr || bf16 ? RowTiles(rows) : 0;
  const int64_t x_tiles = RoundTiles(round_x);
  context.ParallelFor(row_tiles + x_tiles + RoundTiles(round_weight), [&](int64_t index, int) {
    if (index >= row_tiles + x_tiles) {
      return RoundOneTile(rounded_weight, weight, round_weight, index - row_tiles - x_tiles);
    }
    if (index >= row_tiles) return RoundOneTile(rounded_x, x, round_x, index - row_tiles);
    const int64_t row = index * kRowsPerTile;
    const int64_t count = std::min(kRowsPerTile, rows - row);
    if (active) {
      RunActivationBackward(static_cast<Activation>(activation), dpreactivation + row * out,
                            dy + row * out, preactivation + row * out, count * out);
    }
    if (dbias != nullptr) {
      float* partial = partials + index * out;
      std::fill_n(partial, out, 0.0f);
      kernels::ColumnSum(partial, gradient + row * out, count, out, out);
    }
    if (bf16) kernels::RoundToBf16(rounded_gradient + row * out, gradient + row * out, count * out);
  });

  // Then the two products, and the partials combined by the tile behind them. dx comes first, as
  // its tiles find the gradient's rows where the first pass left them.
  if (packs) product.Run(context, behind_partials, [](const Tile&) {});
  const Factor factor_gradient{gradient, rounded_gradient, out};
  const Factor factor_x{x, rounded_x, in};
  const Factor factor_weight{weight, rounded_weight, in};
  const TileGrid dx_grid(dx && !packs ? rows : 0, in, out);
  const TileGrid dweight_grid(dweight ? out : 0, in, rows);
  const int64_t products = dx_grid.size() + dweight_grid.size();
  std::atomic<bool> done{true};
  context.ParallelFor(products + (dbias ? 1 : 0), [&](int64_t index, int) {
    bool multiplied = true;
    if (index < dweight_grid.size()) {
      const Tile tile = dweight_grid[index];
      multiplied = Multiply(Transpose::kYes, Transpose::kNo, tile.rows, tile.columns, rows,
                            factor_gradient.At(0, tile.row), factor_x.At(0, tile.column),
                            accumulate_dweight, dweight + tile.row * in + tile.column, in);
    } else if (index < products) {
      const Tile tile = dx_grid[index - dweight_grid.size()];
      multiplied = Multiply(Transpose::kNo, Transpose::kNo, tile.rows, tile.columns, out,
                            factor_gradient.At(tile.row, 0), factor_weight.At(0, tile.column),
                            accumulate_dx, dx + tile.row * in + tile.column, in);
    } else {
      if (!accumulate_dbias) std::fill_n(dbias.data, out, 0.0f);
      kernels::ColumnSum(dbias, partials, RowTiles(rows), out, out);
    }
    if (!multiplied) done = false;
  });
  if (!done) context.Fail(kBf16Failed);
}

}  // namespace vitrine::ops
