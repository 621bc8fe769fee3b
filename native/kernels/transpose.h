#pragma once

#include <cstdint>

namespace vitrine::kernels {

// y (rows,columns) = x^T with x (columns,rows), of any 4-byte type; row strides ldy and ldx.
void Transpose(float* y, const float* x, int64_t rows, int64_t columns, int64_t ldy,
               int64_t ldx) noexcept;

}  // namespace vitrine::kernels
