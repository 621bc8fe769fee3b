#include "ops/linear.h"

#include <algorithm>

#include "gemm/gemm.h"
#include "kernels/bias.h"
#include "ops/activation.h"
#include "ops/tile_grid.h"

namespace vitrine::ops {
namespace {

using gemm::Transpose;

// Rows of dy that one tile takes through the activation's derivative; 64 rows of 3072 floats fit L2.
constexpr int64_t kRowsPerTile = 64;

int64_t RowTiles(int64_t rows) { return (rows + kRowsPerTile - 1) / kRowsPerTile; }

}  // namespace

void LinearForward::Run(Context& context) {
  const TileGrid grid(rows, out, in);
  context.ParallelFor(grid.size(), [&](int64_t index, int) {
    const Tile tile = grid[index];
    const int64_t at = tile.row * out + tile.column;
    gemm::Gemm(Transpose::kNo, Transpose::kYes, tile.rows, tile.columns, in, 1, x + tile.row * in, in,
               weight + tile.column * in, in, 0, y + at, out);
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
    }
    if (static_cast<Activation>(activation) != Activation::kNone) tile_bias = nullptr;
    if (residual != nullptr) {
      kernels::AddBiasResidual(y + at, tile_bias, residual + at, tile.rows, tile.columns, out);
    } else if (tile_bias != nullptr) {
      kernels::AddBias(y + at, tile_bias, tile.rows, tile.columns, out);
    }
  });
}

void LinearBackward::Run(Context& context) {
  const bool active = static_cast<Activation>(activation) != Activation::kNone;
  const float* gradient = active ? dpreactivation.data : dy.data;

  // First pass: through the activation, and the bias gradient's partial sums, one row of them a tile.
  float* partials = nullptr;
  if (dbias != nullptr) partials = context.SharedScratch(std::max<int64_t>(1, RowTiles(rows)) * out);
  if (active || dbias != nullptr) {
    context.ParallelFor(RowTiles(rows), [&](int64_t index, int) {
      const int64_t row = index * kRowsPerTile;
      const int64_t count = std::min(kRowsPerTile, rows - row);
      if (active) {
        RunActivationBackward(static_cast<Activation>(activation), dpreactivation + row * out, dy + row * out,
                              preactivation + row * out, count * out);
      }
      if (dbias != nullptr) {
        float* partial = partials + index * out;
        std::fill_n(partial, out, 0.0f);
        kernels::ColumnSum(partial, gradient + row * out, count, out, out);
      }
    });
  }

  // Second pass: the two products side by side, and the partials combined by the tile behind them.
  const TileGrid dx_grid(dx ? rows : 0, in, out);
  const TileGrid dweight_grid(dweight ? out : 0, in, rows);
  const int64_t products = dx_grid.size() + dweight_grid.size();
  context.ParallelFor(products + (dbias ? 1 : 0), [&](int64_t index, int) {
    if (index < dweight_grid.size()) {
      const Tile tile = dweight_grid[index];
      gemm::Gemm(Transpose::kYes, Transpose::kNo, tile.rows, tile.columns, rows, 1, gradient + tile.row, out,
                 x + tile.column, in, accumulate_dweight ? 1 : 0, dweight + tile.row * in + tile.column, in);
    } else if (index < products) {
      const Tile tile = dx_grid[index - dweight_grid.size()];
      gemm::Gemm(Transpose::kNo, Transpose::kNo, tile.rows, tile.columns, out, 1, gradient + tile.row * out, out,
                 weight + tile.column, in, accumulate_dx ? 1 : 0, dx + tile.row * in + tile.column, in);
    } else {
      if (!accumulate_dbias) std::fill_n(dbias.data, out, 0.0f);
      kernels::ColumnSum(dbias, partials, RowTiles(rows), out, out);
    }
  });
}

}  // namespace vitrine::ops
