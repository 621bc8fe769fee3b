#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/plane.h"
#include "ops/axes.h"
#include "ops/ranges.h"

namespace vitrine::ops {

// body(offsets, plane) in parallel over pieces of a broadcast walk: where each operand's part
// begins, and how the part lies. strides[k] are operand k's along `shape`; operand 0, the result,
// is contiguous.
template <int kOperands, class Body>
void ForPlanes(Context& context, const Dims& shape, const Dims* const (&strides)[kOperands - 1],
               const Body& body) {
  using Axis = typename Axes<kOperands>::Axis;
  if (shape.Count() == 0) return;
  int64_t stride_y[Dims::kMax];
  int64_t count = 1;
  for (int i = shape.rank - 1; i >= 0; --i) {
    stride_y[i] = count;
    count *= shape.at[i];
  }
  Axes<kOperands> around;
  for (int i = 0; i < shape.rank; ++i) {
    Axis axis{shape.at[i], {stride_y[i]}};
    for (int k = 1; k < kOperands; ++k) axis.stride[k] = strides[k - 1]->at[i];
    around.Append(axis);
  }
  Axis inner{1, {}}, outer{1, {}};
  for (int64_t& stride : inner.stride) stride = 1;
  if (around.rank() > 0) inner = around.Remove(around.rank() - 1);
  if (around.rank() > 0) outer = around.Remove(around.rank() - 1);

  // As in stridedCopy: a plane of two axes, cut into pieces, at each index of the axes around it.
  const int64_t inner_step = std::min(inner.size, kElementsPerTile);
  const int64_t outer_step =
      inner_step < inner.size ? 1 : std::min(outer.size, RowsPerTile(inner_step));
  const int64_t inner_pieces = CeilDiv(inner.size, inner_step);
  const int64_t outer_pieces = CeilDiv(outer.size, outer_step);
  ForRows(
      context, inner_pieces * outer_pieces * around.count(), inner_step * outer_step,
      [&](int64_t begin, int64_t n) {
        for (int64_t piece = begin; piece < begin + n; ++piece) {
          const int64_t i = piece / inner_pieces % outer_pieces * outer_step;
          const int64_t j = piece % inner_pieces * inner_step;
          int64_t at[kOperands];
          around.Locate(piece / inner_pieces / outer_pieces, at);
          kernels::Plane<kOperands> plane{
              std::min(outer_step, outer.size - i), std::min(inner_step, inner.size - j), {}, {}};
          for (int k = 0; k < kOperands; ++k) {
            at[k] += i * outer.stride[k] + j * inner.stride[k];
            plane.row_stride[k] = outer.stride[k];
            plane.column_stride[k] = inner.stride[k];
          }
          body(at, plane);
        }
      });
}

}  // namespace vitrine::ops
