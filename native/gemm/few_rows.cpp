// Few rows times a large matrix that lies transposed, as a linear layer's weight does: packing it
// would cost a pass over it, so it is read once, where it lies, by tiles of columns.
#include "kernels/few_rows_product.h"

#include <algorithm>
#include <memory>

#include "gemm/provider.h"
#include "runtime/tiles.h"

namespace vitrine::gemm {
namespace {

class FewRowsLoops final : public Loops {
 public:
  explicit FewRowsLoops(const MatrixProduct& product) : product_(product) {
    constexpr int64_t kWeights = 4 * kElementsPerTile;
    constexpr int64_t kTogether = 4;  // columns that the kernel takes at once
    constexpr int64_t kFewest = 8;    // rows: as long as these take, the weights take to come
    const int64_t least = CeilDiv(kLeastWork, std::max(product.m, kFewest) * product.k);
    const int64_t most = std::max<int64_t>({1, kWeights / product.k, least});
    step_ = RoundUp(EvenStep(product.n, most), kTogether);
  }

  int64_t MultiplyTiles() const override { return CeilDiv(product_.n, step_); }
  void Multiply(int64_t tile, float* /*shared*/, float* /*own*/) const override {
    const int64_t column = tile * step_;
    const int64_t columns = std::min(step_, product_.n - column);
    const Tile at{0, product_.m, column, columns, product_.c + column, product_.ldc};
    kernels::FewRowsProduct({at.c, at.ldc, product_.a.floats(), product_.a.stride,
                             product_.b.floats() + column * product_.b.stride, product_.b.stride,
                             at.rows, at.columns, product_.k, product_.accumulate});
    product_.epilogue(at);
  }

 private:
  MatrixProduct product_;
  int64_t step_;
};

void Serial(const MatrixProduct& product, float* /*scratch*/) {
  kernels::FewRowsProduct({product.c, product.ldc, product.a.floats(), product.a.stride,
                           product.b.floats(), product.b.stride, product.m, product.n, product.k,
                           product.accumulate});
}

}  // namespace

const Provider kFewRows{[](const MatrixProduct& product) -> std::unique_ptr<Loops> {
                          return std::make_unique<FewRowsLoops>(product);
                        },
                        &Serial};

}  // namespace vitrine::gemm
