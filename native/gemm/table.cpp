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
    if (name.empty()) return LibraryFunctions{{"own kernels", ActiveIsaName(), ""}};
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
  constexpr double kMostPacked = 16 * 1024;  // multiply-adds
  return !product.bf16 && !product.int8 && product.batch.count == 1 && !product.a.transposed &&
         product.b.transposed && product.m <= kMostRows && product.k > 0 &&
         static_cast<double>(product.m) * static_cast<double>(product.k) *
                 static_cast<double>(product.n) >
             kMostPacked;
}

bool FitsLibrary(const MatrixProduct& product) {
  static const LibraryFunctions& library = Chosen();
  return library.sgemm != nullptr && !product.bf16 && !product.int8 &&
         std::max({product.m, product.n, product.k, product.a.stride, product.b.stride,
                   product.ldc}) <= library.largest;
}

bool Any(const MatrixProduct&) { return true; }

struct Row {
  bool (*takes)(const MatrixProduct& product);
  const Provider* provider;
};

// The first row that takes a product serves it. The figures are CPU time in that of oneDNN 2.6.3 on
// tiles, one thread of a busy Zen 5: of few rows the medians of alternating runs in one process, of
// all else the tenth percentile of noisier ones.
constexpr Row kTable[] = {
    // Where VITRINE_GEMM names a library, that one: not by a measurement.
    {&FitsLibrary, &kLibrary},
    // Weights of 192 x 768 to 768 x 3072: 1 row 0.64 to 0.96, 2 rows 1.06 to 1.18, 4 rows 0.77 to
    // 1.04, 8 rows 0.82 to 1.13, 11 rows 0.81 to 0.84.
    {&IsFewRows, &kFewRows},
    // Linear layers: docs/architecture.md. Convolutions, forward and all three gradients, 3 x 3 and
    // 7 x 7: 0.71 to 1.04; 1 x 1: 0.99 to 1.13; grouped: 0.98 to 1.10; 2 x 2 with stride 2: 1.07 to
    // 1.10; patch embeddings: 0.92 to 1.07, with the image's gradient 0.96 to 1.16. Few rows times
    // a factor that is not transposed, as in the backward of a linear layer: 0.98 to 1.08 but for
    // two outliers (1.29, not measured again, and 2.50, 1.00 when it was).
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
