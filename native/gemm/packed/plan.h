#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "gemm/product.h"
#include "kernels/packed_product.h"
#include "runtime/tiles.h"

// Register-blocked products over packed factors, in three parts: what is done follows from the
// shape alone (plan.h), b is packed as that says (pack.h), and blocks are multiplied (multiply.h).
namespace vitrine::gemm::packed {

using kernels::PackedKernel;

inline const PackedKernel& KernelOf(const MatrixProduct& product) {
  return product.int8 ? kernels::PackedKernelInt8() : kernels::PackedKernelFor(product.bf16);
}

// Columns of c in panels of whole vectors, nearly equal. A step of a small model, 40 us, asks for
// hundreds of them, so divisions are few.
class Panels {
 public:
  Panels(int64_t columns, const PackedKernel& kernel)
      : columns_(columns),
        lanes_(kernel.lanes),
        vectors_(VectorsOf(columns, kernel)),
        count_(vectors_ <= kernel.max_vectors ? std::min<int64_t>(vectors_, 1)
                                              : CeilDiv(vectors_, kernel.max_vectors)) {}

  int64_t count() const { return count_; }
  int64_t padded() const { return vectors_ * lanes_; }
  // The first column of a panel; that behind the last one is padded().
  int64_t Column(int64_t panel) const { return FirstVector(panel) * lanes_; }
  int64_t Vectors(int64_t panel) const { return FirstVector(panel + 1) - FirstVector(panel); }
  int64_t Padded(int64_t panel) const { return Vectors(panel) * lanes_; }
  int64_t Width(int64_t panel) const {
    return std::min(Column(panel + 1), columns_) - Column(panel);
  }

  static int64_t VectorsOf(int64_t columns, const PackedKernel& kernel) {
    return (columns + kernel.lanes - 1) >> std::countr_zero(static_cast<uint64_t>(kernel.lanes));
  }

 private:
  int64_t FirstVector(int64_t panel) const {
    return count_ <= 1 ? vectors_ * panel : vectors_ * panel / count_;
  }

  int64_t columns_, lanes_, vectors_, count_;
};

// How a product is cut, and which factors are packed.
//
// With few rows, a tile is some columns, and its thread packs the part of b that it multiplies by:
// no other reads it, and b is most of what moves. With many, a first loop packs b into scratch that
// all share, and the tiles of a second follow the rows of a, which the ops before and after keep to
// the same thread.
//
// A b that is kept packed is multiplied at once. With few rows, those of an image, tiles of the
// same columns follow each other, as b comes from memory, once; a whose factors are not read where
// they lie is packed by that first loop, for all tiles. Where b is small, so that each core may
// read all of it, the first half of the tiles has the first half of the rows: so do the ops before
// and after, and of two threads each finds what it wrote.
struct Plan {
  enum class For { kAllThreads, kOneThread };
  Plan(const MatrixProduct& product, For threads);

  const PackedKernel* kernel;
  int64_t m, n, k;
  int64_t words;     // of k
  bool alone;        // one thread does it all, as one tile
  bool keeps_b;      // packed before
  bool has_factors;  // whether that is whole numbers
  bool by_columns = false;
  bool by_groups = false;    // whether tiles of rows follow each other in a group of panels
  bool by_halves = false;    // of rows, besides
  bool shares_left = false;  // whether a is packed whole, for all tiles
  bool reads_a, reads_b;     // where they lie
  int64_t column_step = 0;   // of a tile, when tiles are columns
  // Else into how many tiles rows are cut, and how many groups panels.
  int64_t row_tiles = 1, groups = 1;
  int64_t splits = 1;   // parts of k, whose products are added at the end
  int64_t left_stride;  // words between the packed rows of an a that is not transposed

  Panels AllPanels() const { return PanelsOf(n); }
  Panels PanelsOf(int64_t columns) const { return {columns, *kernel}; }
  // Which rows and panels a tile has.
  struct Place {
    int64_t row_tile, group;
  };
  Place PlaceOf(int64_t tile) const {
    if (!by_groups) return {tile / groups, tile % groups};
    const int64_t rows = RowTilesOfHalf();
    const int64_t half = tile / (rows * groups), in_half = tile % (rows * groups);
    return {half * rows + in_half % rows, in_half / rows};
  }
  // The first row of a tile of rows, at a whole block; that behind the last one is m. Halves are as
  // equal as may be where a panel stays in L1: one that comes from L2 for every block takes as long
  // for one of few rows (S/16 on an image, 28 blocks instead of 25: 1.05 times the time of one
  // thread).
  int64_t FirstRow(int64_t tile) const {
    if (tile == row_tiles) return m;
    constexpr int64_t kStays = 9 * 1024;  // words of a panel
    const int64_t block = kernel->max_rows, of_half = RowTilesOfHalf();
    if (of_half == row_tiles) return m * tile / row_tiles / block * block;
    const bool stays =
        std::min(words, kernel->depth) * kernel->lanes * kernel->max_vectors <= kStays;
    const int64_t unit = stays ? kernel->row_multiple : block, middle = m / 2 / unit * unit;
    const int64_t rows = tile < of_half ? middle : m - middle;
    return (tile < of_half ? 0 : middle) + rows * (tile % of_half) / of_half / block * block;
  }
  // The first word of a part of k; that behind the last one is words.
  int64_t FirstWord(int64_t part) const {
    if (part == splits) return words;
    const int64_t unit = std::max<int64_t>(16, kernel->word_multiple * kernel->per_word);
    return RoundUp(CeilDiv(k * part, splits), unit) / kernel->per_word;
  }
  // Floats of b packed, all of it or that of a tile of columns, and of a tile's rows of a.
  int64_t RightFloats() const;
  int64_t LeftFloats() const;
  // Rows of a that one tile packs for all, and floats of all of them.
  int64_t SharedLeftRows() const {
    return std::max<int64_t>(1, RoundUp(CeilDiv(m, 64), kernel->max_rows));
  }
  int64_t SharedLeftFloats() const {
    return shares_left ? RoundUp(m, kernel->max_rows) * left_stride : 0;
  }
  // Of a tile of c that lies in scratch: between its rows, whole cache lines and an odd number of
  // them, and in all.
  static int64_t TileStride(int64_t columns) { return (CeilDiv(columns, 16) | 1) * 16; }
  int64_t TileFloats() const;
  // At least those of both, were everything packed at once.
  static int64_t MostFloats(const MatrixProduct& product);

 private:
  int64_t RowTilesOfHalf() const {
    return by_halves && row_tiles % 2 == 0 ? row_tiles / 2 : row_tiles;
  }
  int64_t MostRows() const;  // of a tile
  void SplitDepth();
  void CutColumns();
  void CutRows(int64_t sharers);
};

}  // namespace vitrine::gemm::packed
