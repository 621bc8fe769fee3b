// The packed product on bfloat16 pairs, by AVX512_BF16's vdpbf16ps, which Highway 1.0.3 has not.
// Others: packed_product_rounded.cpp.
#include <algorithm>

#include "kernels/packed_product.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/fetch.h"
#include "kernels/packed_product_amx.h"
#include "runtime/cpu.h"

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")
#endif

namespace vitrine::kernels {
namespace {

constexpr int64_t kLanes = 16;
constexpr int kMaxRows = 8;
constexpr int kMaxVectors = 3;
// Pairs. Panels of 192 would stay in L1 but c is read and written more often then: 1.03 times the
// time for the layers of S/16.
constexpr int64_t kDepth = 384;

// What will be written or packed soon is fetched: the processor's own prefetching does not follow
// rows that are cut into tiles. (Zen 5, all linear layers of Ti to B: 0.83 to 0.97 of the time.)
void Fetch(const void* x) { __builtin_prefetch(x, 0, 3); }

// The cache lines that RowPairs reads.
void FetchRowPairs(const float* x) {
  Fetch(x);
  Fetch(x + kLanes);
}
void FetchRowPairs(const Bf16* x) { Fetch(x); }

__mmask16 First(int64_t lanes) {
  return static_cast<__mmask16>((1u << std::clamp<int64_t>(lanes, 0, kLanes)) - 1);
}

template <int kRows, int kVectors>
void Block(const PackedBlock& x) {
  __m512 sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_setzero_ps();
  }
  if (x.target != nullptr) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v)
        FetchToWrite(x.target + r * x.target_row + v * x.target_vector);
    }
  }
  const float* a = x.a;
  const float* b = x.b;
  const int64_t b_step = x.b_step;
  const float* fetch = x.fetch;
  for (int64_t p = 0; p < x.words; ++p) {
    __builtin_prefetch(fetch, 0, 2);
    fetch += x.fetch_step;
    __m512bh row[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) row[v] = (__m512bh)_mm512_loadu_ps(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const auto factor = (__m512bh)_mm512_set1_ps(a[r * x.row_stride]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], factor, row[v]);
    }
    a += x.step;
    b += b_step;
  }
  // Copies, as a store might change x for all that the compiler knows.
  float* c = x.c;
  const int64_t ldc = x.ldc, width = x.width;
  const bool accumulate = x.accumulate;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r, c += ldc) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      float* to = c + v * kLanes;
      __m512 out = sum[r][v];
      if (width - v * kLanes >= kLanes) {
        if (accumulate) out = _mm512_add_ps(out, _mm512_loadu_ps(to));
        _mm512_storeu_ps(to, out);
      } else {
        const __mmask16 mask = First(width - v * kLanes);
        if (accumulate) out = _mm512_add_ps(out, _mm512_maskz_loadu_ps(mask, to));
        _mm512_mask_storeu_ps(to, mask, out);
      }
    }
  }
}

// Pairs of two rows of floats: lane j holds low[j] and, above it, high[j].
__m512 Pairs(__m512 low, __m512 high) {
  alignas(64) static constexpr uint16_t kInterleave[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const auto both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
  return (__m512)_mm512_permutexvar_epi16(_mm512_load_si512(kInterleave), both);
}

// Pairs along a row: lane j holds x[2 j] and x[2 j + 1]; zeros past the count.
__m512 RowPairs(const float* x, int64_t count) {
  if (count >= 2 * kLanes) {
    return (__m512)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + kLanes), _mm512_loadu_ps(x));
  }
  const __m512 low = _mm512_maskz_loadu_ps(First(count), x);
  const __m512 high = _mm512_maskz_loadu_ps(First(count - kLanes), x + kLanes);
  return (__m512)_mm512_cvtne2ps_pbh(high, low);
}

__m512 RowPairs(const Bf16* x, int64_t count) {
  if (count >= 2 * kLanes) return _mm512_loadu_ps(x);
  const auto mask = static_cast<__mmask32>((uint32_t{1} << std::max<int64_t>(0, count)) - 1);
  return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(mask, x));
}

// 16 x 16 words.
void Transpose(__m512 (&x)[16]) {
  __m512 t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    const auto p0 = (__m512d)t[4 * i], p1 = (__m512d)t[4 * i + 1];
    const auto p2 = (__m512d)t[4 * i + 2], p3 = (__m512d)t[4 * i + 3];
    x[4 * i] = (__m512)_mm512_unpacklo_pd(p0, p2);
    x[4 * i + 1] = (__m512)_mm512_unpackhi_pd(p0, p2);
    x[4 * i + 2] = (__m512)_mm512_unpacklo_pd(p1, p3);
    x[4 * i + 3] = (__m512)_mm512_unpackhi_pd(p1, p3);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(x[i], x[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_f32x4(x[i], x[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_f32x4(x[8 + i], x[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_f32x4(x[8 + i], x[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    x[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
    x[4 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0x88);
    x[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
    x[12 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

void Store(float* to, __m512 v, bool streams) {
  streams ? _mm512_stream_ps(to, v) : _mm512_storeu_ps(to, v);
}

template <class T>
void PackTransposed(float* out, const T* b, int64_t ldb, int64_t k, int64_t width, int64_t padded,
                    bool streams) {
  const int64_t words = (k + 1) / 2;
  const int64_t ahead = k > 4 * kLanes ? 4 * kLanes : kLanes * ldb;  // in a row, or further rows
  for (int64_t i = 0; i < padded; i += kLanes) {
    const int64_t columns = std::min(kLanes, width - i);
    for (int64_t p = 0; p < words; p += kLanes) {
      __m512 x[16];
      for (int64_t j = 0; j < kLanes; ++j) {
        const T* row = b + (i + j) * ldb + 2 * p;
        FetchRowPairs(row + ahead);
        x[j] = j < columns ? RowPairs(row, k - 2 * p) : _mm512_setzero_ps();
      }
      Transpose(x);
      const int64_t rows = std::min(kLanes, words - p);
      for (int64_t r = 0; r < rows; ++r) Store(out + (p + r) * padded + i, x[r], streams);
    }
  }
}

// Pairs of two rows, of each of which some columns are there; zeros past them.
__m512 RowsOfPairs(const float* low, __mmask16 of_low, const float* high, __mmask16 of_high) {
  return Pairs(_mm512_maskz_loadu_ps(of_low, low), _mm512_maskz_loadu_ps(of_high, high));
}
__m512 RowsOfPairs(const Bf16* low, __mmask16 of_low, const Bf16* high, __mmask16 of_high) {
  const __m512i lower = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(of_low, low));
  const __m512i upper = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(of_high, high));
  return _mm512_castsi512_ps(_mm512_or_si512(lower, _mm512_slli_epi32(upper, 16)));
}

// Pairs of rows 2 p and 2 p + 1 of x (k, columns), from column j on. The rows kAhead later are
// fetched.
template <int kAhead, class T>
__m512 ColumnPairs(const T* x, int64_t stride, int64_t p, int64_t k, int64_t j, int64_t columns) {
  const T* from = x + 2 * p * stride + j;
  Fetch(from + kAhead * stride);
  Fetch(from + (kAhead + 1) * stride);
  const __mmask16 mask = columns - j >= kLanes ? __mmask16{0xffff} : First(columns - j);
  return RowsOfPairs(from, mask, from + stride, 2 * p + 1 < k ? mask : __mmask16{0});
}

template <class T>
void PackPanelOf(float* out, const T* b, const PackedSource& as, int64_t k, int64_t width,
                 int64_t padded, bool streams) {
  if (as.transposed) return PackTransposed(out, b, as.stride, k, width, padded, streams);
  const int64_t words = (k + 1) / 2;
  for (int64_t p = 0; p < words; ++p, out += padded) {
    for (int64_t j = 0; j < padded; j += kLanes) {
      Store(out + j, ColumnPairs<8>(b, as.stride, p, k, j, width), streams);
    }
  }
}

void PackPanel(float* out, const PackedSource& b, int64_t k, int64_t width, int64_t padded,
               bool streams) {
  b.bf16 ? PackPanelOf(out, b.halves(), b, k, width, padded, streams)
         : PackPanelOf(out, b.floats(), b, k, width, padded, streams);
}

template <class T>
void PackLeftOf(float* out, const T* a, const PackedSource& as, int64_t m, int64_t k,
                int64_t stride) {
  const int64_t words = (k + 1) / 2;
  if (!as.transposed) {
    constexpr int64_t kAhead = 3;  // rows
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t p = 0; p < words; p += kLanes) {
        const T* row = a + i * as.stride + 2 * p;
        FetchRowPairs(row + kAhead * as.stride);
        const __m512 pairs = RowPairs(row, k - 2 * p);
        if (words - p >= kLanes) {
          _mm512_storeu_ps(out + i * stride + p, pairs);
        } else {
          _mm512_mask_storeu_ps(out + i * stride + p, First(words - p), pairs);
        }
      }
    }
    return;
  }
  for (int64_t p = 0; p < words; ++p) {
    for (int64_t i = 0; i < m; i += 2 * kMaxRows) {
      const __m512 pairs = ColumnPairs<12>(a, as.stride, p, k, i, m);
      // The last block's missing rows are written too: the scratch has room for whole blocks.
      _mm256_storeu_ps(out + i * words + p * kMaxRows, _mm512_castps512_ps256(pairs));
      if (i + kMaxRows < m) {
        _mm256_storeu_ps(out + (i + kMaxRows) * words + p * kMaxRows,
                         _mm512_extractf32x8_ps(pairs, 1));
      }
    }
  }
}

void PackLeft(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride) {
  a.bf16 ? PackLeftOf(out, a.halves(), a, m, k, stride)
         : PackLeftOf(out, a.floats(), a, m, k, stride);
}

template <int kRow>
void AddRow(PackedKernel& kernel) {
  kernel.block[kRow - 1][0] = &Block<kRow, 1>;
  kernel.block[kRow - 1][1] = &Block<kRow, 2>;
  kernel.block[kRow - 1][2] = &Block<kRow, 3>;
  if constexpr (kRow > 1) AddRow<kRow - 1>(kernel);
}

PackedKernel Kernel() {
  PackedKernel kernel{};
  kernel.lanes = kLanes;
  kernel.max_vectors = kMaxVectors;
  kernel.max_rows = kMaxRows;
  kernel.per_word = 2;
  kernel.depth = kDepth;
  kernel.pack_panel = &PackPanel;
  kernel.pack_left = &PackLeft;
  kernel.reads_in_place = false;
  kernel.reads_bf16 = true;
  AddRow<kMaxRows>(kernel);
  return kernel;
}

}  // namespace

const PackedKernel& PackedKernelAvx512Bf16() noexcept {
  static const PackedKernel kernel =
      ActiveMatrixUnit() == MatrixUnit::kNone ? Kernel() : AmxBf16Kernel(Kernel());
  return kernel;
}

}  // namespace vitrine::kernels

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif  // defined(__x86_64__)
