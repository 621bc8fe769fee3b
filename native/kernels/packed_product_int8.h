#pragma once

#include <cstdint>

#include "kernels/packed_product.h"

// Products of whole numbers of 8 bits, four of which along k are a word. Rows of a have a factor
// each, columns of b one each, and sums are whole numbers: the same bits in any order, so on every
// instruction set.
namespace vitrine::kernels {

// A panel of b: words, then for each column what multiplies its sums, and what they begin with.
struct Int8Panel {
  float* words;  // (words, padded)
  float* factors;
  int32_t* starts;
};

// Of columns that lie as rows of k floats, `stride` apart.
void PackInt8Panel(const PackedKernel& kernel, const Int8Panel& panel, const float* b,
                   int64_t stride, int64_t k, int64_t width, int64_t padded);

// Rows of a (m,k) as words, `stride` apart; a row's factor is its last word, the one before the
// next row. For kernels that take them with a sign, and for those that add 128.
void PackInt8Left(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride);
void PackInt8LeftUnsigned(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride);

// What all kernels of that precision have in common, but for their blocks.
PackedKernel Int8Kernel(int64_t lanes, int max_vectors, int max_rows, bool is_unsigned);

// Those that this CPU can run, fastest first, whatever the active instruction set; the last one is
// plain C++.
struct NamedKernel {
  const char* name;
  PackedKernel kernel;
};
int Int8Kernels(NamedKernel (&found)[4]);

// Those of them that only an x86 CPU can have: packed_product_int8_x86.cpp.
int Int8KernelsOfX86(NamedKernel* found);

}  // namespace vitrine::kernels
