#pragma once

#include <algorithm>
#include <cstdint>

#include "gemm/gemm.h"
#include "gemm/small.h"
#include "kernels/packed_product.h"
#include "ops/ranges.h"

namespace vitrine::ops {

// Whether a product is worth packing for.
inline bool WorthPacking(int64_t m, int64_t n, int64_t k) {
  return m * n * k > gemm::kSmallProduct && gemm::UsesPackedProducts();
}

// The second factor (k,n) of a product, packed in scratch; filled a few panels at a time by the
// tiles of an earlier pass.
struct PackedFactor {
  float* packed = nullptr;
  int64_t n = 0, k = 0;

  // Floats that it takes up, whole cache lines.
  static int64_t Floats(int64_t n, int64_t k) {
    return (kernels::PackedColumn(n, kernels::PackedPanels(n)) * k + 15) / 16 * 16;
  }

  // Tiles of the pass that packs: about 64 KiB each.
  int64_t Tiles() const { return CeilDiv(kernels::PackedPanels(n), PanelsPerTile()); }
  void PackTile(const float* b, int64_t ldb, gemm::Transpose transposed, int64_t index) const {
    const int64_t begin = index * PanelsPerTile();
    const int64_t end = std::min(begin + PanelsPerTile(), kernels::PackedPanels(n));
    kernels::PackPanels(packed, b, ldb, transposed == gemm::Transpose::kYes, n, k, begin, end);
  }

 private:
  int64_t PanelsPerTile() const {
    constexpr int64_t kFloats = 16 * 1024;
    const int64_t panel = std::max<int64_t>(1, kernels::PackedColumn(n, 1) * k);
    return std::max<int64_t>(1, kFloats / panel);
  }
};

// How such a product is cut into tiles. They can be small, as nothing is packed for each but rows
// of a transposed first factor; an element's sum is the same whichever tile it is in.
class PackedGrid {
 public:
  struct Tile {
    int64_t row, rows, begin, end;  // of rows, and of panels
    int64_t column, columns;
  };

  PackedGrid(int64_t rows, int64_t columns, int64_t depth) : rows_(rows), columns_(columns) {
    panels_ = kernels::PackedPanels(columns);
    // 8 panels, 384 columns with AVX-512: with 96 to 256 rows, a tile of c stays in L2.
    groups_ = CeilDiv(panels_, 8);
    // Below this, waking a thread costs more than the tile.
    constexpr int64_t kLeastWork = 512 * 1024;
    const int64_t width = std::max<int64_t>(1, groups_ == 0 ? 0 : columns / groups_);
    const int64_t least = kLeastWork / std::max<int64_t>(1, width * depth);
    const int64_t step = std::max(least, std::clamp<int64_t>(CeilDiv(rows, 16), 96, 256));
    row_step_ = CeilDiv(CeilDiv(rows, std::max<int64_t>(1, CeilDiv(rows, step))), 8) * 8;
    row_step_ = std::max<int64_t>(row_step_, 8);
  }

  int64_t row_step() const { return row_step_; }
  int64_t size() const { return CeilDiv(rows_, row_step_) * groups_; }

  Tile operator[](int64_t index) const {
    const int64_t row = index / groups_ * row_step_;
    const int64_t group = index % groups_;
    const int64_t begin = panels_ * group / groups_, end = panels_ * (group + 1) / groups_;
    const int64_t column = kernels::PackedColumn(columns_, begin);
    return {row,    std::min(row_step_, rows_ - row),
            begin,  end,
            column, std::min(kernels::PackedColumn(columns_, end), columns_) - column};
  }

 private:
  int64_t rows_, columns_, panels_, groups_, row_step_;
};

}  // namespace vitrine::ops
