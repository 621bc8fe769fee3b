#pragma once

#include <bit>
#include <cstdint>

#include "runtime/bfloat16.h"

// Register-blocked matrix products c = a b. Factors are packed where the kernel needs it, b once
// for all tiles of a product; a BLAS call packs both each time that it is called. gemm/packed
// drives them.
namespace vitrine::kernels {

// One block of c: as many rows as the function is for, and a panel of b. Words are 32 bits: a
// float, or two bfloat16s, or four whole numbers of 8 bits, that follow each other along k.
struct PackedBlock {
  const float* a;
  int64_t row_stride, step;  // words between a's rows, and between its steps along k
  const float* b;            // (words, whole vectors of columns)
  int64_t b_step;            // words between its rows
  float* c;
  int64_t ldc;
  int64_t words;
  int64_t rows;
  int64_t width;    // columns of c; the panel's others are not stored
  bool accumulate;  // c += a b
  // Where results end up, which is fetched for writing, as another core may have read it last; null
  // for nothing. Bytes between its rows, and between their vectors.
  const char* target;
  int64_t target_row, target_vector;
  // What will be read next is fetched into L2 meanwhile, so many words a step.
  const float* fetch;
  int64_t fetch_step;
  // Of whole numbers: what each column's sum begins with and is multiplied by.
  const int32_t* column_starts;
  const float* column_factors;
};

// A matrix to be packed, (rows,columns) of a product as stored or transposed: float32, or for a
// product of such factors bfloat16.
struct PackedSource {
  const void* data;
  int64_t stride;  // elements between its rows as stored
  bool transposed;
  bool bf16 = false;

  const float* floats() const { return static_cast<const float*>(data); }
  const Bf16* halves() const { return static_cast<const Bf16*>(data); }
  // The matrix that begins at a later element.
  PackedSource From(int64_t element) const {
    const void* from = bf16 ? static_cast<const void*>(halves() + element) : floats() + element;
    return {from, stride, transposed, bf16};
  }
  PackedSource Transposed() const { return {data, stride, !transposed, bf16}; }
};

// What differs from one precision and instruction set to another.
struct PackedKernel {
  static constexpr int kMostRows = 32;
  static constexpr int kMostVectors = 3;

  int64_t lanes;     // floats of a vector, a power of two
  int max_vectors;   // of a panel
  int max_rows;      // of a block
  int64_t per_word;  // values of k in a word: 1, 2 or 4
  int64_t depth;     // words that are multiplied before c is added to

  // [rows - 1][vectors - 1]
  void (*block[kMostRows][kMostVectors])(const PackedBlock&);

  // out (words, padded) = b (k, width), with zeros past width and k; b's data is that of the panel.
  // With `streams` it is written past the caches, to whole cache lines, and the caller flushes
  // before another thread reads it.
  void (*pack_panel)(float* out, const PackedSource& b, int64_t k, int64_t width, int64_t padded,
                     bool streams);

  // Whether a, and b where it is not transposed and its columns are whole vectors, can be read
  // where they are.
  bool reads_in_place;
  // Whether an a of bfloat16 that is not transposed can be, where its rows are whole words.
  bool reads_bf16;
  // Whether a that is transposed, and such b, are packed all the same where gemm/packed says
  // that it pays.
  bool packs_strided;
  // Whether the next rows of a are fetched while the first panel is multiplied.
  bool fetches_rows;
  // Rows of a (m,k) as blocks of max_rows (words, max_rows) if a is transposed; else as (m, words)
  // with rows `stride` words apart.
  void (*pack_left)(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride);

  // Rows of a block that is not the last one, and before a tile's first, are so many times a number
  // of these.
  int row_multiple = 1;
  // Words along k are so many times a number of these, a power of two, zeros the last of them.
  int64_t word_multiple = 1;
  // Whether a that is transposed is packed as one that is not.
  bool left_by_rows = false;
  // Whether whole numbers of a are those from -127 to 127, plus 128.
  bool is_unsigned = false;
  // What a thread runs before its blocks and after them; null for nothing.
  void (*begin)() = nullptr;
  void (*end)() = nullptr;

  // Without divisions: a step of a small model asks some hundred times.
  int64_t ValueWords(int64_t k) const {
    return (k + per_word - 1) >> std::countr_zero(static_cast<uint64_t>(per_word));
  }
  int64_t Words(int64_t k) const { return (ValueWords(k) + word_multiple - 1) & -word_multiple; }
};

// Of the active instruction set, or its matrix unit.
const PackedKernel& PackedKernelFp32() noexcept;

// Factors are rounded to bfloat16, the nearest, as they are packed; sums are float32. On a CPU that
// has no such products it multiplies the rounded numbers as float32.
const PackedKernel& PackedKernelBf16() noexcept;

// Factors are whole numbers of 8 bits: packed_product_int8.h.
const PackedKernel& PackedKernelInt8() noexcept;

inline const PackedKernel& PackedKernelFor(bool bf16) noexcept {
  return bf16 ? PackedKernelBf16() : PackedKernelFp32();
}

}  // namespace vitrine::kernels
