// The library that VITRINE_GEMM names, as a provider: its serial product on tiles of c.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "gemm/provider.h"
#include "runtime/stream.h"
#include "runtime/tiles.h"

namespace vitrine::gemm {
namespace {

// How c (rows, columns) over `depth` is cut: tiles stay tall and wide, as BLAS likes them, until
// there are enough of them to share out.
class TileGrid {
 public:
  TileGrid(int64_t rows, int64_t columns, int64_t depth)
      : rows_(rows),
        columns_(columns),
        row_tiles_(std::max<int64_t>(1, (rows + 255) / 512)),
        column_tiles_(std::max<int64_t>(1, (columns + 255) / 512)) {
    const auto work = [&] {
      return rows * columns * std::max<int64_t>(1, depth) / (row_tiles_ * column_tiles_);
    };
    while (row_tiles_ * column_tiles_ < 8 && work() >= 2 * kLeastWork) {
      const bool split_rows = rows / row_tiles_ >= columns / column_tiles_;
      int64_t& tiles = split_rows ? row_tiles_ : column_tiles_;
      if ((split_rows ? rows : columns) / (tiles * 2) < 32) break;
      tiles *= 2;
    }
    // Multiples of 16, the height and width of the usual micro-kernels.
    row_step_ = RoundUp(CeilDiv(rows, row_tiles_), 16);
    column_step_ = RoundUp(CeilDiv(columns, column_tiles_), 16);
    row_tiles_ = CeilDiv(rows, row_step_);
    column_tiles_ = CeilDiv(columns, column_step_);
  }

  int64_t size() const { return row_tiles_ * column_tiles_; }

  Tile operator[](int64_t index) const {
    const int64_t row = index / column_tiles_ * row_step_;
    const int64_t column = index % column_tiles_ * column_step_;
    return {row, std::min(row_step_, rows_ - row), column,
            std::min(column_step_, columns_ - column)};
  }

 private:
  int64_t rows_, columns_;
  int64_t row_tiles_, column_tiles_;
  int64_t row_step_, column_step_;
};

// The library's product, after a first one, in which oneDNN makes objects that exit() destroys:
// before that, and so registered after it, the streams are to stop.
Sgemm* FirstUsed() {
  Sgemm* const sgemm = Chosen().sgemm;
  constexpr int64_t kSize = 32;
  const std::vector<float> factor(kSize * kSize, 1.0f);
  std::vector<float> product(kSize * kSize);
  const Factor square{factor.data(), kSize, false};
  sgemm({kSize, kSize, kSize, product.data(), kSize, square, square});
  if (std::atexit(&Stream::StopAll) != 0) throw std::bad_alloc();
  return sgemm;
}

void Serial(const MatrixProduct& product, float* /*scratch*/) {
  static Sgemm* const sgemm = FirstUsed();
  if (product.k > 0) return sgemm(product);
  for (int64_t row = 0; row < product.m && !product.accumulate; ++row) {
    std::fill_n(product.c + row * product.ldc, product.n, 0.0f);
  }
}

class LibraryLoops final : public Loops {
 public:
  explicit LibraryLoops(const MatrixProduct& product)
      : product_(product), grid_(product.m, product.n, product.k) {}

  int64_t MultiplyTiles() const override {
    return (Sums() ? 1 : product_.batch.count) * grid_.size();
  }
  void Multiply(int64_t tile, float* /*shared*/, float* /*own*/) const override {
    const Tile at = grid_[tile % grid_.size()];
    const int64_t begin = tile / grid_.size(), end = Sums() ? product_.batch.count : begin + 1;
    for (int64_t i = begin; i < end; ++i) {
      const auto& a = product_.a;
      const auto& b = product_.b;
      const auto& batch = product_.batch;
      MatrixProduct part = product_;
      part.m = at.rows;
      part.n = at.columns;
      part.c += i * batch.stride_c + at.row * product_.ldc + at.column;
      part.a.data += i * batch.stride_a + at.row * (a.transposed ? 1 : a.stride);
      part.b.data += i * batch.stride_b + at.column * (b.transposed ? b.stride : 1);
      part.accumulate = product_.accumulate || (Sums() && i > 0);
      Serial(part, nullptr);
      product_.epilogue(at);
    }
  }

 private:
  bool Sums() const { return product_.batch.count > 1 && product_.batch.stride_c == 0; }

  MatrixProduct product_;
  TileGrid grid_;
};

}  // namespace

const Provider kLibrary{[](const MatrixProduct& product) -> std::unique_ptr<Loops> {
                          return std::make_unique<LibraryLoops>(product);
                        },
                        &Serial};

}  // namespace vitrine::gemm
