#pragma once

#include <cstdint>

#include "runtime/context.h"

namespace vitrine::ops {

// Rows of a long sum that each partial takes: by the shape alone, at least a tile's worth of
// elements.
int64_t RowsPerPartial(int64_t rows, int64_t width);

// In how many parts to compute a product (count) that sums over `rows`: enough to share out, each
// long enough to be worth its own copy of the result, and 32 MB of copies at most where two parts
// allow it.
int64_t ProductParts(int64_t rows, int64_t count);

// out (count) = the sum of partials (parts, count), in order; added to what is there when
// accumulating.
void CombinePartials(Context& context, float* out, const float* partials, int64_t parts,
                     int64_t count, bool accumulate);

}  // namespace vitrine::ops
