// The packed product on whole numbers of 8 bits: by AVX512-VNNI's and AVX-VNNI's vpdpbusd, whose
// left factors have no sign, and by AVX2's vpmaddubsw.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <utility>

#include "kernels/fetch.h"
#include "kernels/packed_product_int8.h"
#include "runtime/cpuid.h"

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
#endif

namespace vitrine::kernels {
namespace {
namespace avx512vnni {

constexpr int64_t kLanes = 16;
constexpr int kMaxRows = 8;
constexpr int kMaxVectors = 3;

// sum += a b, as _mm512_dpbusd_epi32. GCC 12 keeps that one's sums on the stack as well and writes
// each at every step: 53 vectors of a block of 8 rows by 3, none so, and a third of the time.
void Add(__m512i& sum, __m512i a, __m512i b) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}

template <int kRows, int kVectors>
void Block(const PackedBlock& x) {
  __m512i sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    const __m512i start = _mm512_loadu_si512(x.column_starts + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      sum[r][v] = start;
      FetchToWrite(x.c + r * x.ldc + v * kLanes);
    }
  }
  const float *a = x.a, *b = x.b, *fetch = x.fetch;
  for (int64_t p = 0; p < x.words; ++p) {
    __builtin_prefetch(fetch, 0, 2);
    fetch += x.fetch_step;
    __m512i row[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) row[v] = _mm512_loadu_si512(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const __m512i factor = _mm512_castps_si512(_mm512_set1_ps(a[r * x.row_stride]));
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) Add(sum[r][v], factor, row[v]);
    }
    a += x.step;
    b += x.b_step;
  }
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    const int64_t left = std::clamp<int64_t>(x.width - v * kLanes, 0, kLanes);
    const auto mask = static_cast<__mmask16>((1u << left) - 1);
    const __m512 column_factor = _mm512_loadu_ps(x.column_factors + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const __m512 row_factor = _mm512_set1_ps(x.a[(r + 1) * x.row_stride - 1]);
      const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][v]), row_factor);
      _mm512_mask_storeu_ps(x.c + r * x.ldc + v * kLanes, mask,
                            _mm512_mul_ps(scaled, column_factor));
    }
  }
}

template <int... kRow>
void AddRows(PackedKernel& kernel, std::integer_sequence<int, kRow...>) {
  ((kernel.block[kRow][0] = &Block<kRow + 1, 1>, kernel.block[kRow][1] = &Block<kRow + 1, 2>,
    kernel.block[kRow][2] = &Block<kRow + 1, 3>),
   ...);
}

PackedKernel Kernel() {
  PackedKernel kernel = Int8Kernel(kLanes, kMaxVectors, kMaxRows, true);
  AddRows(kernel, std::make_integer_sequence<int, kMaxRows>());
  return kernel;
}

}  // namespace avx512vnni
}  // namespace
}  // namespace vitrine::kernels

#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,avxvnni")
#endif

namespace vitrine::kernels {
namespace {
namespace avxvnni {

struct Dot {
  static constexpr int kMaxRows = 6;
  static constexpr bool kIsUnsigned = true;
  // As _mm256_dpbusd_avx_epi32, for the reason above.
  static void Add(__m256i& sum, __m256i a, __m256i b) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
  }
};

#include "kernels/int8_256-inl.h"

}  // namespace avxvnni
}  // namespace
}  // namespace vitrine::kernels

#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

namespace vitrine::kernels {
namespace {
namespace avx2 {

// vpmaddubsw adds pairs of products in 16 bits and saturates: 2 * 127 * 127 fit them, where the
// factor without a sign is |b| and a takes b's sign.
struct Dot {
  static constexpr int kMaxRows = 4;
  static constexpr bool kIsUnsigned = false;
  static void Add(__m256i& sum, __m256i a, __m256i b) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(b), _mm256_sign_epi8(a, b));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

#include "kernels/int8_256-inl.h"

}  // namespace avx2
}  // namespace
}  // namespace vitrine::kernels

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace vitrine::kernels {

int Int8KernelsOfX86(NamedKernel* found) {
  const Cpuid cpuid;
  int count = 0;
  if (cpuid.HasAvx512Vnni()) found[count++] = {"avx512-vnni", avx512vnni::Kernel()};
  if (cpuid.HasAvxVnni()) found[count++] = {"avx-vnni", avxvnni::Kernel()};
  if (cpuid.HasAvx2()) found[count++] = {"avx2", avx2::Kernel()};
  return count;
}

}  // namespace vitrine::kernels

#endif
