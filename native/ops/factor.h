#pragma once

#include <algorithm>
#include <cstdint>

#include "gemm/bf16.h"
#include "gemm/gemm.h"
#include "kernels/bf16.h"

namespace vitrine::ops {

// A row-major matrix that a product reads: as it is, or, when `rounded` is there, rounded to
// bfloat16.
struct Factor {
  const float* data;
  const gemm::Bf16* rounded;
  int64_t stride;  // between rows

  Factor At(int64_t row, int64_t column) const {
    const int64_t offset = row * stride + column;
    return {data + offset, rounded == nullptr ? nullptr : rounded + offset, stride};
  }
};

// c (m,n) = op(a) op(b), or c plus that. False if the library failed.
inline bool Multiply(gemm::Transpose transpose_a, gemm::Transpose transpose_b, int64_t m, int64_t n,
                     int64_t k, const Factor& a, const Factor& b, bool accumulate, float* c,
                     int64_t ldc) {
  if (a.rounded != nullptr) {
    return gemm::GemmBf16(transpose_a, transpose_b, m, n, k, a.rounded, a.stride, b.rounded,
                          b.stride, accumulate, c, ldc);
  }
  gemm::Gemm(transpose_a, transpose_b, m, n, k, 1, a.data, a.stride, b.data, b.stride,
             accumulate ? 1 : 0, c, ldc);
  return true;
}

// Elements that are rounded as one tile.
constexpr int64_t kRoundTile = 16 * 1024;

inline int64_t RoundTiles(int64_t count) { return (count + kRoundTile - 1) / kRoundTile; }

// Rounds tile `index` of `count` elements.
inline void RoundOneTile(gemm::Bf16* rounded, const float* data, int64_t count, int64_t index) {
  const int64_t begin = index * kRoundTile;
  kernels::RoundToBf16(rounded + begin, data + begin, std::min(kRoundTile, count - begin));
}

}  // namespace vitrine::ops
