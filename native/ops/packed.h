#pragma once

#include <algorithm>
#include <cstdint>

#include "gemm/gemm.h"
#include "gemm/small.h"
#include "kernels/packed_product.h"
#include "ops/ranges.h"
#include "ops/tile_grid.h"

namespace vitrine::ops {

// c (m,n) = a (m,k) b (k,n), or c plus that, with b packed for it.
struct PackedProduct {
  float* c;
  int64_t ldc;
  const float* a;
  int64_t lda;
  const float* b;  // (n,k) as stored if transposed
  int64_t ldb;
  bool transposed;
  int64_t m, n, k;
  bool accumulate = false;

  // Whether it is faster than the library's product: packing pays from a few rows on.
  static bool Pays(int64_t m, int64_t n, int64_t k) {
    constexpr int64_t kLeastRows = 12;
    return m >= kLeastRows && m * n * k > gemm::kSmallProduct && gemm::UsesPackedProducts();
  }

  // Floats of scratch that Run() needs, shared by all workers.
  int64_t SharedScratch() const {
    return m <= kFewRows ? 0 : kernels::PackedColumn(n, kernels::PackedPanels(n)) * k;
  }

  // `finish` is called with each Tile of c while it is warm. Takes each worker's scratch, too.
  template <class Finish>
  void Run(Context& context, float* shared, const Finish& finish) const {
    // With few rows a thread packs the columns that it multiplies by: no other reads them, and b is
    // most of what moves. With many, b is packed once and tiles follow the rows of a, which the
    // ops before and after keep to the same thread.
    if (m <= kFewRows) {
      ByColumns(context, finish);
    } else {
      ByRows(context, shared, finish);
    }
  }

 private:
  static constexpr int64_t kFewRows = 512;
  // Below this many multiply-adds, handing a tile to a thread costs more than a few percent of it.
  static constexpr int64_t kLeastWork = 512 * 1024;

  template <class Finish>
  void ByColumns(Context& context, const Finish& finish) const {
    constexpr int64_t kPanel = 48;           // columns; whole panels for all vectors
    constexpr int64_t kPacked = 128 * 1024;  // floats of b in a tile, half of a small L2
    const int64_t most = std::min(CeilDiv(n, 8), kPacked / std::max<int64_t>(1, k));
    const int64_t least = CeilDiv(kLeastWork, m * k);
    const int64_t step = std::max<int64_t>(1, CeilDiv(std::max(least, most), kPanel)) * kPanel;
    context.ReserveScratch(kernels::PackedColumn(step, kernels::PackedPanels(step)) * k);
    ForRanges(context, n, step, [&](int64_t begin, int64_t end, int worker) {
      const int64_t columns = end - begin, panels = kernels::PackedPanels(columns);
      float* packed = context.Scratch(worker);
      kernels::PackPanels(packed, b + begin * (transposed ? ldb : 1), ldb, transposed, columns, k,
                          0, panels);
      kernels::PackedMultiply(c + begin, ldc, {a, lda, false}, packed, m, columns, k, 0, panels,
                              accumulate, nullptr);
      finish(Tile{0, m, begin, columns});
    });
  }

  template <class Finish>
  void ByRows(Context& context, float* packed, const Finish& finish) const {
    const int64_t panels = kernels::PackedPanels(n);
    constexpr int64_t kPacked = 16 * 1024;  // floats of b that make a tile of their own
    const int64_t panels_at_once =
        std::max<int64_t>(1, kPacked / std::max<int64_t>(1, kernels::PackedColumn(n, 1) * k));
    ForRanges(context, panels, panels_at_once, [&](int64_t begin, int64_t end, int) {
      kernels::PackPanels(packed, b, ldb, transposed, n, k, begin, end);
    });

    // Tiles of at most 8 panels, 384 columns with AVX-512, and 96 to 256 rows: c's stay in L2.
    const int64_t groups = CeilDiv(panels, 8);
    const int64_t least = kLeastWork / std::max<int64_t>(1, n / groups * k);
    const int64_t rows = std::max(least, std::clamp<int64_t>(CeilDiv(m, 16), 96, 256));
    // Equal shares, in whole blocks of the kernel.
    const int64_t step = CeilDiv(CeilDiv(m, CeilDiv(m, rows)), 8) * 8;
    context.ParallelFor(CeilDiv(m, step) * groups, [&](int64_t index, int) {
      const int64_t row = index / groups * step, group = index % groups;
      const int64_t begin = panels * group / groups, end = panels * (group + 1) / groups;
      const int64_t column = kernels::PackedColumn(n, begin);
      const Tile tile{row, std::min(step, m - row), column,
                      std::min(kernels::PackedColumn(n, end), n) - column};
      kernels::PackedMultiply(c + row * ldc, ldc, {a + row * lda, lda, false}, packed, tile.rows, n,
                              k, begin, end, accumulate, nullptr);
      finish(tile);
    });
  }
};

}  // namespace vitrine::ops
