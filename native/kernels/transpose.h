#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

namespace vitrine::kernels {

// y (rows,columns) = x^T with x (columns,rows), of any 4-byte type; row strides ldy and ldx.
extern const PerIsa<void(float* y, const float* x, int64_t rows, int64_t columns, int64_t ldy,
                         int64_t ldx)>
    Transpose;

}  // namespace vitrine::kernels
