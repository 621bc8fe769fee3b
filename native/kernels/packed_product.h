#pragma once

#include <cstdint>

// Register-blocked matrix products whose second factor is packed beforehand, once for all tiles of
// a product. A BLAS call packs both of its factors each time that it is called.
namespace vitrine::kernels {

// A first factor: (m,k) with rows lda apart, or transposed, (k,m) as stored.
struct LeftFactor {
  const float* data;
  int64_t lda;
  bool transposed;
};

// Columns are packed in panels; n columns make PackedPanels(n) of them, and panel i starts at
// column PackedColumn(n, i); PackedColumn(n, PackedPanels(n)) is n padded to whole vectors.
int64_t PackedPanels(int64_t n) noexcept;
int64_t PackedColumn(int64_t n, int64_t panel) noexcept;

// Floats of scratch that PackedMultiply() needs for m rows of a transposed first factor.
int64_t PackedLeftScratch(int64_t m) noexcept;

// Panels [begin, end) of b (k,n), or of its transpose, (n,k) as stored, into out, which holds
// PackedColumn(n, PackedPanels(n)) * k floats.
void PackPanels(float* out, const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k,
                int64_t begin, int64_t end) noexcept;

// c = a b, or c + a b, for m rows of a and of c and panels [begin, end) of b. c starts at row 0,
// column 0.
void PackedMultiply(float* c, int64_t ldc, const LeftFactor& a, const float* packed, int64_t m,
                    int64_t n, int64_t k, int64_t begin, int64_t end, bool accumulate,
                    float* scratch) noexcept;

}  // namespace vitrine::kernels
