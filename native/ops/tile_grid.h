#pragma once

#include <algorithm>
#include <cstdint>

namespace vitrine::ops {

// A part of a matrix product's result.
struct Tile {
  int64_t row, rows, column, columns;
};

// How a product (rows, columns) over `depth` is cut into tiles: by its sizes alone, never by the
// number of threads, so that the same bits come out on one thread and on sixteen. Tiles stay tall
// and wide, as BLAS likes them, until there are enough of them to share out.
class TileGrid {
 public:
  TileGrid(int64_t rows, int64_t columns, int64_t depth) : rows_(rows), columns_(columns) {
    if (rows == 0 || columns == 0) {
      row_tiles_ = column_tiles_ = 0;
      return;
    }
    row_tiles_ = std::max<int64_t>(1, (rows + 255) / 512);
    column_tiles_ = std::max<int64_t>(1, (columns + 255) / 512);
    // Below this, waking a thread costs more than the tile.
    constexpr int64_t kLeastWork = 512 * 1024;
    const auto work = [&] {
      return rows * columns * std::max<int64_t>(1, depth) / (row_tiles_ * column_tiles_);
    };
    while (row_tiles_ * column_tiles_ < 8 && work() >= 2 * kLeastWork) {
      const bool split_rows = rows / row_tiles_ >= columns / column_tiles_;
      int64_t& tiles = split_rows ? row_tiles_ : column_tiles_;
      if ((split_rows ? rows : columns) / (tiles * 2) < 32) break;
      tiles *= 2;
    }
    row_step_ = Step(rows, row_tiles_);
    column_step_ = Step(columns, column_tiles_);
    row_tiles_ = (rows + row_step_ - 1) / row_step_;
    column_tiles_ = (columns + column_step_ - 1) / column_step_;
  }

  int64_t size() const { return row_tiles_ * column_tiles_; }

  Tile operator[](int64_t index) const {
    const int64_t row = index / column_tiles_ * row_step_;
    const int64_t column = index % column_tiles_ * column_step_;
    return {row, std::min(row_step_, rows_ - row), column,
            std::min(column_step_, columns_ - column)};
  }

 private:
  // Multiples of 16, the height and width of the usual micro-kernels.
  static int64_t Step(int64_t size, int64_t tiles) {
    return ((size + tiles - 1) / tiles + 15) / 16 * 16;
  }

  int64_t rows_, columns_;
  int64_t row_tiles_ = 1, column_tiles_ = 1;
  int64_t row_step_ = 1, column_step_ = 1;
};

}  // namespace vitrine::ops
