#pragma once

#include <cstdint>

#include "gemm/packed/pack.h"
#include "gemm/packed/plan.h"

namespace vitrine::gemm::packed {

// Rows of a, panels of b, and steps along k, in words, that are multiplied on one thread.
struct Part {
  int64_t row, rows, begin, end, first_word, last_word;
};

// Where results end up; bytes between its rows, and between elements of a row. Null where that is
// nobody else's.
struct Target {
  const void* data = nullptr;
  int64_t row = 0, element = 0;
};

// Packs some rows of a for all tiles, where plan.shares_left: `tile` of SharedLeftTiles().
int64_t SharedLeftTiles(const Plan& plan);
void PackSharedLeft(const Plan& plan, const Factor& a, int64_t tile, float* left);

// c = a b, or c plus that, at the part's rows and panels, the first of which lie at c. `left` is
// scratch of plan.LeftFloats(); where plan.shares_left, all of a as packed before.
void Multiply(const Plan& plan, const Factor& a, const Right& right, const Part& part, float* c,
              int64_t ldc, bool accumulate, float* left, const Target& target = {});

}  // namespace vitrine::gemm::packed
