#include "ops/linear.h"

#include <algorithm>

#include "gemm/gemm.h"
#include "kernels/bias.h"
#include "ops/activation.h"
#include "ops/packed.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

using gemm::Gemm;
using gemm::Transpose;

// Rows of dy that one tile takes through the activation's derivative: some microseconds, and few
// enough tiles that the bias gradient's partial sums, a row each, do not count.
int64_t RowStep(int64_t rows, int64_t out) {
  constexpr int64_t kElements = 8 * 1024;
  return EvenStep(rows, std::clamp<int64_t>(kElements / std::max<int64_t>(1, out), 16, 64));
}

}  // namespace

void LinearForward::Run(Context& context) {
  if (Product(rows, out) == 0) return;
  if (bf16 || PackedProduct::Pays(rows, out, in)) {
    PackedProduct product(kernels::PackedKernelFor(bf16), rows, out, in, y, out, {x, in, false},
                          {weight, in, true}, false);
    product.UseShared(context.SharedScratch(product.SharedScratch()));
    context.ReserveScratch(product.WorkerScratch());
    product.Run(context, [&](const Tile& tile) { Finish(tile); });
    return;
  }
  const TileGrid grid(rows, out, in);
  context.ParallelFor(grid.size(), [&](int64_t index, int) {
    const Tile tile = grid[index];
    Gemm(Transpose::kNo, Transpose::kYes, tile.rows, tile.columns, in, 1, x + tile.row * in, in,
         weight + tile.column * in, in, 0, y + tile.row * out + tile.column, out);
    Finish(tile);
  });
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
  OmitIfEmpty(dx, Product(rows, in));
  OmitIfEmpty(dweight, Product(out, in));
  OmitIfEmpty(dbias, out);
  if (dx == nullptr && dweight == nullptr && dbias == nullptr) return;
  const bool active = static_cast<Activation>(activation) != Activation::kNone;
  const float* gradient = active ? dpreactivation.data : dy.data;
  const bool packs_dx = dx != nullptr && (bf16 || PackedProduct::Pays(rows, in, out));
  const bool packs_dweight = dweight != nullptr && (bf16 || PackedProduct::Pays(out, in, rows));
  PackedProduct product_dx(kernels::PackedKernelFor(bf16), rows, in, out, dx, in,
                           {gradient, out, false}, {weight, in, false}, accumulate_dx);
  PackedProduct product_dweight(kernels::PackedKernelFor(bf16), out, in, rows, dweight, in,
                                {gradient, out, true}, {x, in, false}, accumulate_dweight);

  product_dweight.SplitDepth();

  // Scratch: what is packed, then the bias gradient's partial sums, one row of them a tile.
  const int64_t row_step = RowStep(rows, out);
  const int64_t row_tiles = CeilDiv(rows, row_step);
  const int64_t packed_weight = packs_dx ? product_dx.SharedScratch() : 0;
  const int64_t packed_x = packs_dweight ? product_dweight.SharedScratch() : 0;
  float* shared =
      context.SharedScratch(packed_weight + packed_x + (dbias != nullptr ? row_tiles * out : 0));
  product_dx.UseShared(shared);
  product_dweight.UseShared(shared + packed_weight);
  float* partials = shared + packed_weight + packed_x;
  context.ReserveScratch(std::max(packs_dx ? product_dx.WorkerScratch() : 0,
                                  packs_dweight ? product_dweight.WorkerScratch() : 0));

  // First pass: through the activation, the bias gradient's partial sums, and packing.
  const int64_t first_tiles = active || dbias != nullptr ? row_tiles : 0;
  const int64_t x_tiles = packs_dweight ? product_dweight.PackTiles() : 0;
  const int64_t weight_tiles = packs_dx ? product_dx.PackTiles() : 0;
  context.ParallelFor(first_tiles, [&](int64_t index, int) {
    const int64_t row = index * row_step;
    const int64_t count = std::min(row_step, rows - row);
    if (active) {
      RunActivationBackward(static_cast<Activation>(activation), dpreactivation + row * out,
                            dy + row * out, preactivation + row * out, count * out);
    }
    if (dbias != nullptr) {
      float* partial = partials + index * out;
      std::fill_n(partial, out, 0.0f);
      kernels::ColumnSum(partial, gradient + row * out, count, out, out);
    }
  });
  context.ParallelFor(x_tiles + weight_tiles, [&](int64_t index, int) {
    if (index < x_tiles) return product_dweight.PackTile(index);
    product_dx.PackTile(index - x_tiles);
  });

  // Then dx, whose tiles find the gradient's rows where the first pass left them.
  const TileGrid dx_grid(dx != nullptr ? rows : 0, in, out);
  context.ParallelFor(packs_dx ? product_dx.Tiles() : dx_grid.size(),
                      [&](int64_t index, int worker) {
                        if (packs_dx) {
                          product_dx.RunTile(index, context.Scratch(worker));
                          return;
                        }
                        const Tile tile = dx_grid[index];
                        Gemm(Transpose::kNo, Transpose::kNo, tile.rows, tile.columns, out, 1,
                             gradient + tile.row * out, out, weight + tile.column, in,
                             accumulate_dx ? 1 : 0, dx + tile.row * in + tile.column, in);
                      });

  // Last dweight, and what was summed in parts.
  const TileGrid dweight_grid(dweight != nullptr ? out : 0, in, rows);
  const int64_t dweight_tiles = packs_dweight ? product_dweight.Tiles() : dweight_grid.size();
  context.ParallelFor(dweight_tiles, [&](int64_t index, int worker) {
    if (packs_dweight) {
      product_dweight.RunTile(index, context.Scratch(worker));
      return;
    }
    const Tile tile = dweight_grid[index];
    Gemm(Transpose::kYes, Transpose::kNo, tile.rows, tile.columns, rows, 1, gradient + tile.row,
         out, x + tile.column, in, accumulate_dweight ? 1 : 0,
         dweight + tile.row * in + tile.column, in);
  });
  const int64_t add_tiles = packs_dweight ? product_dweight.AddTiles() : 0;
  context.ParallelFor(add_tiles + (dbias != nullptr ? 1 : 0), [&](int64_t index, int) {
    if (index < add_tiles) return product_dweight.AddTile(index);
    if (!accumulate_dbias) std::fill_n(dbias.data, out, 0.0f);
    kernels::ColumnSum(dbias, partials, row_tiles, out, out);
  });
}

}  // namespace vitrine::ops
