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
  if (batch == 0 && stride_c == 0 && beta == 0) std::fill_n(c.data, m * n, 0.0f);
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
  const auto product = [&](int64_t i, bool accumulate) {
    return PackedProduct(kernels::PackedKernelFp32(), m, n, k, c + i * stride_c, n,
                         {a + i * stride_a, transpose_a ? m : k, transpose_a},
                         {b + i * stride_b, transpose_b ? k : n, transpose_b}, accumulate);
  };
  PackedProduct first = product(0, beta == 1);
  context.ReserveScratch(first.WorkerScratch());
  if (batch == 1) {
    first.UseShared(context.SharedScratch(first.SharedScratch()));
    first.Run(context, [](const Tile&) {});
    return true;
  }
  // Products enough to go round are not cut.
  constexpr int64_t kManyProducts = 16;
  constexpr int64_t kMostPacked = 128 * 1024;  // floats of b
  if (stride_c != 0 && batch >= kManyProducts && n * k <= kMostPacked) {
    context.ReserveScratch(PackedProduct::ScratchAlone(kernels::PackedKernelFp32(), m, n, k));
    context.ParallelFor(batch, [&](int64_t i, int worker) {
      product(i, beta == 1).RunAlone(context.Scratch(worker));
    });
    return true;
  }
  if (first.SharedScratch() > 0) return false;  // b would have to be packed for each
  if (stride_c == 0) {
    context.ParallelFor(first.Tiles(), [&](int64_t index, int worker) {
      for (int64_t i = 0; i < batch; ++i) {
        product(i, beta == 1 || i > 0).RunTile(index, context.Scratch(worker));
      }
    });
    return true;
  }
  context.ParallelFor(batch * first.Tiles(), [&](int64_t index, int worker) {
    product(index / first.Tiles(), beta == 1)
        .RunTile(index % first.Tiles(), context.Scratch(worker));
  });
  return true;
}

}  // namespace vitrine::ops
