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
  explicit LibraryLoops(const MatrixProduct& product) : product_(product) {}

  int64_t MultiplyTiles() const override {
    return (Sums() ? 1 : product_.batch.count) * TilesOfOne();
  }
  void Multiply(int64_t tile, float* /*shared*/, float* /*own*/) const override {
    const int64_t of_one =
        std::max<int64_t>(1, TilesOfOne());  // where there is none, none is asked
    Tile at = TileOfOne(tile % of_one);
    const int64_t begin = tile / of_one, end = Sums() ? product_.batch.count : begin + 1;
    for (int64_t i = begin; i < end; ++i) {
      const auto& a = product_.a;
      const auto& b = product_.b;
      const auto& batch = product_.batch;
      MatrixProduct part = product_;
      part.m = at.rows;
      part.n = at.columns;
      part.c += i * batch.stride_c + at.row * product_.ldc + at.column;
      part.a = a.From(i * batch.stride_a + at.row * (a.transposed ? 1 : a.stride));
      part.b = b.From(i * batch.stride_b + at.column * (b.transposed ? b.stride : 1));
      part.accumulate = product_.accumulate || (Sums() && i > 0);
      Serial(part, nullptr);
      at.c = part.c;
      product_.epilogue(at);
    }
  }

 private:
  bool Sums() const { return product_.batch.count > 1 && product_.batch.stride_c == 0; }

  // Tiles as tall and wide as BLAS likes them.
  int64_t TilesOfOne() const { return CeilDiv(product_.m, kSize) * CeilDiv(product_.n, kSize); }
  Tile TileOfOne(int64_t index) const {
    const int64_t across = std::max<int64_t>(1, CeilDiv(product_.n, kSize));
    const int64_t row = index / across * kSize, column = index % across * kSize;
    const int64_t rows = std::min(kSize, product_.m - row);
    return {row, rows, column, std::min(kSize, product_.n - column), nullptr, product_.ldc};
  }

  static constexpr int64_t kSize = 256;
  MatrixProduct product_;
};

}  // namespace

const Provider kLibrary{[](const MatrixProduct& product) -> std::unique_ptr<Loops> {
                          return std::make_unique<LibraryLoops>(product);
                        },
                        &Serial};

}  // namespace vitrine::gemm
