#include "kernels/packed_product_amx.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "kernels/packed_product_int8.h"
#include "kernels/transpose.h"
#include "runtime/cpu.h"

// GCC's intrinsics for tiles are macros that ask for nothing; Clang's want the target.
#if defined(__clang__)
#pragma clang attribute push(                                                                     \
    __attribute__((target("fma,avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-int8,amx-bf16"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("fma,avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-int8,amx-bf16")
#endif

namespace vitrine::kernels {
namespace {

constexpr int64_t kRows = 16;         // of a tile
constexpr int64_t kWords = 16;        // of a tile's row
constexpr int64_t kSide = 2 * kRows;  // of a block of c
constexpr int kLeft = 4, kRight = 6;  // the first tiles of a and b; c's are 0 to 3, row by row

// The unit itself (Intel's manual, volume 2: LDTILECFG and so on). Tiles are named by constants.
struct Hardware {
  // Palette 1: eight tiles of 16 rows of 64 bytes.
  static void Begin() {
    struct alignas(64) {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    _tile_loadconfig(&config);
  }
  static void End() { _tile_release(); }

  static void ZeroSums() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  template <int kTile>
  static void Load(const float* from, int64_t stride) {
    const int64_t bytes = stride * static_cast<int64_t>(sizeof(float));
    if constexpr (kTile == 4) _tile_loadd(4, from, bytes);
    if constexpr (kTile == 5) _tile_loadd(5, from, bytes);
    if constexpr (kTile == 6) _tile_loadd(6, from, bytes);
    if constexpr (kTile == 7) _tile_loadd(7, from, bytes);
  }
  template <int kTile>
  static void Store(float* to, int64_t stride) {
    const int64_t bytes = stride * static_cast<int64_t>(sizeof(float));
    if constexpr (kTile == 0) _tile_stored(0, to, bytes);
    if constexpr (kTile == 1) _tile_stored(1, to, bytes);
    if constexpr (kTile == 2) _tile_stored(2, to, bytes);
    if constexpr (kTile == 3) _tile_stored(3, to, bytes);
  }
  // Tile kTile of c += its tile of a times that of b.
  template <int kTile, bool kInt8>
  static void Dot() {
    if constexpr (kInt8) {
      if constexpr (kTile == 0) _tile_dpbssd(0, 4, 6);
      if constexpr (kTile == 1) _tile_dpbssd(1, 4, 7);
      if constexpr (kTile == 2) _tile_dpbssd(2, 5, 6);
      if constexpr (kTile == 3) _tile_dpbssd(3, 5, 7);
    } else {
      if constexpr (kTile == 0) _tile_dpbf16ps(0, 4, 6);
      if constexpr (kTile == 1) _tile_dpbf16ps(1, 4, 7);
      if constexpr (kTile == 2) _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTile == 3) _tile_dpbf16ps(3, 5, 7);
    }
  }
};

// Tiles in memory, a thread's own, and what the instructions do with them by the manual's
// pseudocode. Our threads take numbers below the normal ones for 0 always, as TDPBF16PS does.
struct Emulation {
  struct Tiles {
    bool configured = false;
    uint32_t word[8][kRows][kWords];
  };
  static Tiles& Own() {
    static thread_local Tiles tiles;
    return tiles;
  }
  // As the unit's fault where no configuration is loaded.
  static Tiles& Loaded() {
    Tiles& tiles = Own();
    if (!tiles.configured) throw std::logic_error("Expected a tile configuration but found none.");
    return tiles;
  }

  static void Begin() {
    Own().configured = true;
    std::memset(Own().word, 0, sizeof(Own().word));
  }
  static void End() { Loaded().configured = false; }

  static void ZeroSums() { std::memset(Loaded().word, 0, 4 * sizeof(Own().word[0])); }
  template <int kTile>
  static void Load(const float* from, int64_t stride) {
    Tiles& tiles = Loaded();
    for (int64_t m = 0; m < kRows; ++m)
      std::memcpy(tiles.word[kTile][m], from + m * stride, sizeof(tiles.word[kTile][m]));
  }
  template <int kTile>
  static void Store(float* to, int64_t stride) {
    const Tiles& tiles = Loaded();
    for (int64_t m = 0; m < kRows; ++m)
      std::memcpy(to + m * stride, tiles.word[kTile][m], sizeof(tiles.word[kTile][m]));
  }
  template <int kTile, bool kInt8>
  static void Dot() {
    Tiles& tiles = Loaded();
    const auto& b = tiles.word[kRight + kTile % 2];
    for (int64_t m = 0; m < kRows; ++m) {
      const auto& a = tiles.word[kLeft + kTile / 2][m];
      kInt8 ? DotRowInt8(tiles.word[kTile][m], a, b) : DotRowBf16(tiles.word[kTile][m], a, b);
    }
  }

 private:
  using Row = uint32_t[kWords];

  static void DotRowInt8(Row& c, const Row& a, const uint32_t (&b)[kRows][kWords]) {
    for (int64_t n = 0; n < kWords; ++n) {
      for (int64_t k = 0; k < kWords; ++k) {
        for (int i = 0; i < 32; i += 8) {
          const int32_t left = static_cast<int8_t>(a[k] >> i),
                        right = static_cast<int8_t>(b[k][n] >> i);
          c[n] += static_cast<uint32_t>(left * right);
        }
      }
    }
  }

  static float Upper(uint32_t word) { return AsFloat(word & 0xffff0000u); }
  static float Lower(uint32_t word) { return AsFloat(word << 16); }
  static float AsFloat(uint32_t bits) {
    float value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

  static void DotRowBf16(Row& c, const Row& a, const uint32_t (&b)[kRows][kWords]) {
    float even[kWords] = {}, odd[kWords] = {};
    for (int64_t k = 0; k < kWords; ++k) {
      const float low = Lower(a[k]), high = Upper(a[k]);
      for (int64_t n = 0; n < kWords; ++n) {
        even[n] = __builtin_fmaf(low, Lower(b[k][n]), even[n]);
        odd[n] = __builtin_fmaf(high, Upper(b[k][n]), odd[n]);
      }
    }
    for (int64_t n = 0; n < kWords; ++n) {
      const float sum = AsFloat(c[n]) + (even[n] + odd[n]);
      std::memcpy(&c[n], &sum, sizeof(sum));
    }
  }
};

// Sums of a block's row as they go to c, from column `first` on.
template <bool kInt8>
void PutRow(const PackedBlock& x, const float* sums, int64_t row, int64_t first) {
  const int64_t left = std::clamp<int64_t>(x.width - first, 0, kWords);
  const auto mask = static_cast<__mmask16>((1u << left) - 1);
  float* const to = x.c + row * x.ldc + first;
  __m512 sum = _mm512_loadu_ps(sums + first);
  if constexpr (kInt8) {
    const __m512 row_factor = _mm512_set1_ps(x.a[(row + 1) * x.row_stride - 1]);
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_castps_si512(sum)), row_factor);
    sum = _mm512_mul_ps(scaled, _mm512_maskz_loadu_ps(mask, x.column_factors + first));
  } else if (x.accumulate) {
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, to));
  }
  _mm512_mask_storeu_ps(to, mask, sum);
}

// Tiles past the block's rows and columns are left out; rows of a past it within a tile are read
// from the room that packed rows have, and not stored.
template <class Unit, bool kInt8>
void Block(const PackedBlock& x) {
  const bool lower = x.rows > kRows, right = x.width > kWords;
  asm volatile("" ::: "memory");  // GCC's loads of tiles do not say that they read memory
  Unit::ZeroSums();
  for (int64_t p = 0; p < x.words; p += kWords) {
    const float* const b = x.b + p * x.b_step;
    __builtin_prefetch(x.fetch + p * x.fetch_step, 0, 2);
    Unit::template Load<kLeft>(x.a + p, x.row_stride);
    Unit::template Load<kRight>(b, x.b_step);
    Unit::template Dot<0, kInt8>();
    if (right) {
      Unit::template Load<kRight + 1>(b + kWords, x.b_step);
      Unit::template Dot<1, kInt8>();
    }
    if (!lower) continue;
    Unit::template Load<kLeft + 1>(x.a + kRows * x.row_stride + p, x.row_stride);
    Unit::template Dot<2, kInt8>();
    if (right) Unit::template Dot<3, kInt8>();
  }
  alignas(64) float sums[kSide * kSide];
  Unit::template Store<0>(sums, kSide);
  if (right) Unit::template Store<1>(sums + kWords, kSide);
  if (lower) Unit::template Store<2>(sums + kRows * kSide, kSide);
  if (lower && right) Unit::template Store<3>(sums + kRows * kSide + kWords, kSide);
  for (int64_t r = 0; r < x.rows; ++r) {
    PutRow<kInt8>(x, sums + r * kSide, r, 0);
    if (right) PutRow<kInt8>(x, sums + r * kSide, r, kWords);
  }
}

// A kernel of tiles, but for its packing, out of one that has it.
template <bool kInt8>
PackedKernel OnTiles(PackedKernel kernel) {
  const bool emulated = ActiveMatrixUnit() == MatrixUnit::kAmxEmulated;
  kernel.lanes = kWords;
  kernel.max_vectors = 2;
  kernel.max_rows = kSide;
  kernel.row_multiple = kRows;
  kernel.word_multiple = kWords;
  kernel.left_by_rows = true;
  kernel.reads_bf16 = false;  // a tile has 16 rows of 16 words, more than there may be
  kernel.begin = emulated ? &Emulation::Begin : &Hardware::Begin;
  kernel.end = emulated ? &Emulation::End : &Hardware::End;
  for (auto& row : kernel.block)
    std::fill(std::begin(row), std::end(row),
              emulated ? &Block<Emulation, kInt8> : &Block<Hardware, kInt8>);
  return kernel;
}

PackedKernel vectors_bf16;  // whose packing serves tiles; set before the kernel is handed out

// Rows of pairs, zeros to whole tiles.
void PackLeftBf16(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride) {
  const int64_t used = vectors_bf16.Words(k);
  const int64_t words = (used + kWords - 1) / kWords * kWords;
  if (!a.transposed) {
    vectors_bf16.pack_left(out, a, m, k, stride);
  } else {
    static thread_local std::vector<float> columns;  // (words, padded): pairs as b has them
    const int64_t padded = (m + kWords - 1) / kWords * kWords;
    columns.resize(used * padded);
    vectors_bf16.pack_panel(columns.data(), a.Transposed(), k, m, padded, false);
    Transpose(out, columns.data(), m, used, stride, padded);
  }
  for (int64_t i = 0; i < m; ++i)
    std::fill(out + i * stride + used, out + i * stride + words, 0.0f);
}

}  // namespace

PackedKernel AmxBf16Kernel(const PackedKernel& vectors) {
  vectors_bf16 = vectors;
  PackedKernel kernel = OnTiles<false>(vectors);
  kernel.pack_left = &PackLeftBf16;
  return kernel;
}

PackedKernel AmxInt8Kernel() { return OnTiles<true>(Int8Kernel(kWords, 2, kSide, false)); }

}  // namespace vitrine::kernels

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
