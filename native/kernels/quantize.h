#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// x (n) as whole numbers q from -127 to 127 and a factor, which it gives: x = factor * q, to half a
// factor. The same on every instruction set. `flip` is what each q's bits are changed by: 0, or
// 0x80 for q + 128 without a sign. Bytes of whole vectors are written: q has room for 64 more. What
// is not finite has the factor NaN. Below 1e-30 all is 0: 127 / x would not be a float near the
// smallest.
extern const PerIsa<float(int8_t* q, const float* x, int64_t n, int flip)> QuantizeRow;

}  // namespace vitrine::kernels
