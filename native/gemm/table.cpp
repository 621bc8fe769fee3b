// Which provider serves which product.
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "gemm/provider.h"
#include "runtime/cpu.h"

namespace vitrine::gemm {

const LibraryFunctions& Chosen() {
  static const LibraryFunctions chosen = [] {
    const char* wanted = std::getenv("VITRINE_GEMM");
    const std::string name = wanted == nullptr ? "" : wanted;
    if (name.empty()) return LibraryFunctions{{"own kernels", IsaName(ActiveIsa()), ""}};
    if (name == "openblas") return OpenCblas();
    if (name == "onednn") return OpenOneDnn();
    throw std::runtime_error("Expected 'onednn' or 'openblas' for VITRINE_GEMM but received '" +
                             name + "'. Unset it to use vitrine's own kernels.");
  }();
  return chosen;
}

const Library& Load() { return Chosen().library; }

namespace {

// One row of a, or few, times a transposed b that is more than the packed product packs in passing.
bool IsFewRows(const MatrixProduct& product) {
  constexpr int64_t kMostRows = 11;
  constexpr int64_t kMostPacked = 16 * 1024;  // multiply-adds
  return !product.bf16 && product.batch.count == 1 && !product.a.transposed &&
         product.b.transposed && product.m <= kMostRows && product.k > 0 &&
         product.n > kMostPacked / product.m / product.k;
}

bool FitsLibrary(const MatrixProduct& product) {
  static const LibraryFunctions& library = Chosen();
  return library.sgemm != nullptr && !product.bf16 &&
         std::max({product.m, product.n, product.k, product.a.stride, product.b.stride,
                   product.ldc}) <= library.largest;
}

bool Any(const MatrixProduct&) { return true; }

struct Row {
  bool (*takes)(const MatrixProduct& product);
  const Provider* provider;
};

// The first row that takes a product serves it.
constexpr Row kTable[] = {
    // Only where VITRINE_GEMM names a library.
    {&FitsLibrary, &kLibrary},
    {&IsFewRows, &kFewRows},
    {&Any, &kPacked},
};

}  // namespace

const Provider& ProviderOf(const MatrixProduct& product) {
  for (const Row& row : kTable) {
    if (row.takes(product)) return *row.provider;
  }
  return kPacked;
}

}  // namespace vitrine::gemm
