#pragma once

#include <cstdint>
#include <string>

// Matrix products behind one interface; the provider is loaded when it is first used.
namespace vitrine::gemm {

enum class Transpose : bool { kNo, kYes };

// c (m,n) = alpha * op(a) op(b) + beta * c, with op(a) (m,k) and op(b) (k,n). Row-major; lda, ldb
// and ldc are the row strides, in elements, of the matrices as stored. Serial: tiles and threads
// are the caller's. With beta 0, c is only written; with k 0, the product is zero.
void Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta,
          float* c, int64_t ldc);

// What the BLAS library says of itself.
struct Library {
  std::string name;     // "OpenBLAS 0.3.21"
  std::string core;     // the kernels it runs, "SkylakeX"
  std::string warning;  // one sentence when those are slower than the CPU could run, with the fix;
                        // else empty
};

// Loads the library if need be. Throws std::runtime_error with one clear sentence when there is
// none.
const Library& Load();

// Whether large float32 products of linear layers go through kernels/packed_product.h rather than
// the library: on AVX-512 and AVX2, unless VITRINE_GEMM names a library. Throws as Load().
bool UsesPackedProducts();

}  // namespace vitrine::gemm
