#include "gemm/gemm.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "gemm/provider.h"
#include "gemm/small.h"
#include "runtime/cpu.h"
#include "runtime/stream.h"

namespace vitrine::gemm {
namespace {

// oneDNN where there is one, else OpenBLAS. Measured through linear on one core of a busy Emerald
// Rapids (170 GFLOP/s at most), the fastest tenth of 60 runs, products of 1088 x 64 x 64 to 1576 x
// 192 x 768: oneDNN 2.6.3 reaches 131 to 157, OpenBLAS 0.3.21 (SkylakeX kernels) 107 to 135.
Provider Choose() {
  const char* wanted = std::getenv("VITRINE_GEMM");
  const std::string name = wanted == nullptr ? "" : wanted;
  if (name == "openblas") return OpenBlasProvider();
  if (name == "onednn") return OneDnnProvider();
  if (!name.empty()) {
    throw std::runtime_error("Expected 'onednn' or 'openblas' for VITRINE_GEMM but received '" +
                             name + "'. Unset it to use the faster one.");
  }
  try {
    return OneDnnProvider();
  } catch (const std::runtime_error&) {
    return OpenBlasProvider();
  }
}

// Whether m * n * k is at most kSmallProduct, without the product, which may overflow.
bool IsSmall(int64_t m, int64_t n, int64_t k) {
  return m <= kSmallProduct && n <= kSmallProduct / m && k <= kSmallProduct / m / n;
}

const Provider& Chosen();

// The library's product, after a first one, in which oneDNN makes objects that exit() destroys:
// before that, and so registered after it, the streams are to stop.
auto LibraryGemm() {
  static const auto sgemm = [] {
    const auto chosen = Chosen().sgemm;
    constexpr int64_t kSize = 32;
    const std::vector<float> factor(kSize * kSize, 1.0f);
    std::vector<float> product(kSize * kSize);
    chosen(Transpose::kNo, Transpose::kNo, kSize, kSize, kSize, 1, factor.data(), kSize,
           factor.data(), kSize, 0, product.data(), kSize);
    if (std::atexit(&Stream::StopAll) != 0) throw std::bad_alloc();
    return chosen;
  }();
  return sgemm;
}

const Provider& Chosen() {
  static const Provider provider = Choose();
  return provider;
}

}  // namespace

const Library& Load() { return Chosen().library; }

bool UsesPackedProducts() {
  static const bool uses = [] {
    Load();  // a wrong VITRINE_GEMM is an error
    const char* wanted = std::getenv("VITRINE_GEMM");
    const Isa isa = ActiveIsa();
    return (wanted == nullptr || *wanted == '\0') && (isa == Isa::kAvx512 || isa == Isa::kAvx2);
  }();
  return uses;
}

void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta,
          float* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  static const Provider& chosen = Chosen();
  // The plain loop takes any size; sizes that a library cannot be told are matrices of 8 GB and
  // more.
  const bool plain = IsSmall(m, n, k) || std::max({m, n, k, lda, ldb, ldc}) > chosen.largest;
  const auto gemm = plain ? &SmallGemm : LibraryGemm();
  gemm(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace vitrine::gemm
