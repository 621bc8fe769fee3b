#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// Sums of bytes by whole numbers, as Pillow resizes: a weight of 1 is 1 << kWeightBits, and the sum
// is rounded and clipped to a byte. Source: libImaging/Resample.c, ImagingResample*_8bpc.
namespace vitrine::kernels {

inline constexpr int kWeightBits = 32 - 8 - 2;

// Rows that are resized sideways together, a lane of bytes each.
inline constexpr int64_t kBlockRows = 16;

// Which bytes make up one output, and by what weights.
struct Taps {
  int64_t first, count;
  const int32_t* weights;
};

// y (n) = the sum of `taps.count` rows of x (n), `stride` bytes apart, by their weights. x begins
// at the first of them.
extern const PerIsa<void(uint8_t* y, const uint8_t* x, int64_t stride, const Taps& taps, int64_t n)>
    ResizeRow;

// y (count,group) = for each i the sum of the groups of x (.,group) that taps[i] names, counted
// from `first`.
extern const PerIsa<void(uint8_t* y, const uint8_t* x, const Taps* taps, int64_t first,
                         int64_t count, int64_t group)>
    ResizeColumns;

// y (n,kBlockRows) = x^T with x (rows,n) of at most kBlockRows rows, `stride` bytes apart; the last
// one stands for those that are missing.
extern const PerIsa<void(uint8_t* y, const uint8_t* x, int64_t stride, int64_t rows, int64_t n)>
    RowsToLanes;

// The inverse: y (rows,n) of rows `stride` bytes apart, from x (n,kBlockRows).
extern const PerIsa<void(uint8_t* y, const uint8_t* x, int64_t stride, int64_t rows, int64_t n)>
    LanesToRows;

}  // namespace vitrine::kernels
