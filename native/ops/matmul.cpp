#include "ops/matmul.h"

#include <algorithm>

#include "gemm/gemm.h"
#include "ops/packed.h"
#include "ops/tile_grid.h"

namespace vitrine::ops {

void Matmul::Run(Context& context) {
  using gemm::Transpose;
  const Transpose ta = transpose_a ? Transpose::kYes : Transpose::kNo;
  const Transpose tb = transpose_b ? Transpose::kYes : Transpose::kNo;
  const int64_t lda = transpose_a ? m : k;
  const int64_t ldb = transpose_b ? k : n;
  const auto product = [&](int64_t i, const Tile& tile, float scale_c) {
    const float* a_tile = a + i * stride_a + tile.row * (transpose_a ? 1 : lda);
    const float* b_tile = b + i * stride_b + tile.column * (transpose_b ? ldb : 1);
    float* c_tile = c + i * stride_c + tile.row * n + tile.column;
    gemm::Gemm(ta, tb, tile.rows, tile.columns, k, alpha, a_tile, lda, b_tile, ldb, scale_c, c_tile,
               n);
  };
  if (Product(m, n) == 0) return;
  if (batch == 0) {
    if (stride_c == 0 && beta == 0) std::fill_n(c.data, m * n, 0.0f);
    return;
  }
  if (k == 0) {
    // Factors without elements lie nowhere; products without terms that are summed, of which there
    // may be any number, are one.
    stride_a = stride_b = 0;
    if (stride_c == 0) batch = 1;
  }
  if (RunPacked(context)) return;
  const TileGrid grid(m, n, k);
  if (stride_c == 0 && batch > 1) {
    context.ParallelFor(grid.size(), [&](int64_t index, int) {
      const Tile tile = grid[index];
      for (int64_t i = 0; i < batch; ++i) product(i, tile, i == 0 ? beta : 1.0f);
    });
    return;
  }
  context.ParallelFor(batch * grid.size(), [&](int64_t index, int) {
    product(index / grid.size(), grid[index % grid.size()], beta);
  });
}

bool Matmul::RunPacked(Context& context) {
  if (alpha != 1 || (beta != 0 && beta != 1) || batch == 0 || !PackedProduct::Pays(m, n, k)) {
    return false;
  }
  if (batch > 1 && stride_b == 0 && !transpose_a && stride_a == m * k && stride_c == m * n) {
    Matmul whole = *this;  // the rows of all are one matrix
    whole.m = batch * m;
    whole.batch = 1;
    return whole.RunPacked(context);
  }
  PackedProduct first(kernels::PackedKernelFp32(), m, n, k, c.data, n,
                      {a.data, transpose_a ? m : k, transpose_a},
                      {b.data, transpose_b ? k : n, transpose_b}, beta == 1);
  const auto product = [&](int64_t i) {
    return first.With(c + i * stride_c, a + i * stride_a, b + i * stride_b);
  };

  // Products enough to go round are not cut.
  constexpr int64_t kManyProducts = 16;
  constexpr int64_t kSmallRight = 128 * 1024;  // floats of b
  if (stride_b != 0 && stride_c != 0 && batch >= kManyProducts && n * k <= kSmallRight) {
    context.ReserveScratch(PackedProduct::ScratchAlone(kernels::PackedKernelFp32(), m, n, k));
    context.ParallelFor(
        batch, [&](int64_t i, int worker) { product(i).RunAlone(context.Scratch(worker)); });
    return true;
  }

  // Else b is packed first, if it is one, or all of them if their products are summed.
  constexpr int64_t kMostPacked = 4 * 1024 * 1024;  // floats
  if (batch > 1 && stride_b == 0 && stride_c != 0) first.ShareRight(batch);
  const int64_t rights = stride_b == 0 ? 1 : batch;
  const int64_t packed = first.SharedScratch();
  if (rights > 1 && packed > 0 && (stride_c != 0 || rights * packed > kMostPacked)) return false;
  float* shared = context.SharedScratch(rights * packed);
  context.ReserveScratch(first.WorkerScratch());
  const auto packed_product = [&](int64_t i) {
    PackedProduct at = product(i);
    at.UseShared(shared + (stride_b == 0 ? 0 : i * packed));
    return at;
  };
  const int64_t pack_tiles = first.PackTiles(), tiles = first.Tiles();
  context.ParallelFor(rights * pack_tiles, [&](int64_t index, int) {
    packed_product(index / pack_tiles).PackTile(index % pack_tiles);
  });
  if (stride_c == 0) {
    context.ParallelFor(tiles, [&](int64_t index, int worker) {
      for (int64_t i = 0; i < batch; ++i) {
        PackedProduct part = packed_product(i);
        if (i > 0) part.Accumulate();
        part.RunTile(index, context.Scratch(worker));
      }
    });
    return true;
  }
  context.ParallelFor(batch * tiles, [&](int64_t index, int worker) {
    packed_product(index / tiles).RunTile(index % tiles, context.Scratch(worker));
  });
  return true;
}

}  // namespace vitrine::ops
