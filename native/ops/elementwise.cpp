#include "ops/elementwise.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "ops/axes.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

enum Operand { kY = 0, kA = 1, kB = 2 };
using BinaryAxes = Axes<3>;
using Axis = BinaryAxes::Axis;

struct Kernels {
  void (*pairs)(float*, const float*, const float*, int64_t) noexcept;
  void (*scalar)(float*, const float*, float, int64_t) noexcept;
  void (*row)(float*, const float*, const float*, int64_t, int64_t) noexcept;
  float (*one)(float, float);
};

Kernels KernelsOf(Binary operation) {
  switch (operation) {
    case Binary::kAdd:
      return {kernels::Add, kernels::AddScalar, kernels::AddRow,
              [](float a, float b) { return a + b; }};
    case Binary::kMul:
      break;
  }
  return {kernels::Mul, kernels::Scale, kernels::MulRow, [](float a, float b) { return a * b; }};
}

void Run1d(const Kernels& with, float* y, const float* a, const float* b, const Axis& axis) {
  const int64_t stride_a = axis.stride[kA], stride_b = axis.stride[kB];
  if (stride_a == 1 && stride_b == 1) return with.pairs(y, a, b, axis.size);
  if (stride_a == 1 && stride_b == 0) return with.scalar(y, a, *b, axis.size);
  if (stride_a == 0 && stride_b == 1) return with.scalar(y, b, *a, axis.size);
  for (int64_t i = 0; i < axis.size; ++i) y[i] = with.one(a[i * stride_a], b[i * stride_b]);
}

void Run2d(const Kernels& with, float* y, const float* a, const float* b, const Axis& outer,
           const Axis& inner) {
  const bool unit = inner.stride[kA] == 1 && inner.stride[kB] == 1;
  if (unit && outer.stride[kA] == inner.size && outer.stride[kB] == 0) {
    return with.row(y, a, b, outer.size, inner.size);
  }
  if (unit && outer.stride[kB] == inner.size && outer.stride[kA] == 0) {
    return with.row(y, b, a, outer.size, inner.size);
  }
  for (int64_t i = 0; i < outer.size; ++i) {
    Run1d(with, y + i * outer.stride[kY], a + i * outer.stride[kA], b + i * outer.stride[kB],
          inner);
  }
}

}  // namespace

bool BinaryForward::Valid() const {
  if (Extent(shape, strides_a, 0) < 0) return false;
  int64_t count = 1;
  for (int i = 0; i < shape.rank; ++i) count *= shape.at[i];
  return Holds(y, count) && Holds(a, Extent(shape, strides_a, 0)) &&
         Holds(b, Extent(shape, strides_b, 0));
}

void BinaryForward::Run(Context& context) {
  const Kernels with = KernelsOf(static_cast<Binary>(operation));
  int64_t stride_y[Dims::kMax];
  int64_t count = 1;
  for (int i = shape.rank - 1; i >= 0; --i) {
    stride_y[i] = count;
    count *= shape.at[i];
  }
  if (count == 0) return;
  BinaryAxes around;
  for (int i = 0; i < shape.rank; ++i)
    around.Append({shape.at[i], {stride_y[i], strides_a.at[i], strides_b.at[i]}});
  Axis inner{1, {1, 1, 1}}, outer{1, {0, 0, 0}};
  if (around.rank() > 0) inner = around.Remove(around.rank() - 1);
  if (around.rank() > 0) outer = around.Remove(around.rank() - 1);

  // As in stridedCopy: a plane of two axes, cut into pieces, at each index of the axes around it.
  const int64_t inner_step = std::min(inner.size, kElementsPerTile);
  const int64_t outer_step =
      inner_step < inner.size ? 1 : std::min(outer.size, RowsPerTile(inner_step));
  const int64_t inner_pieces = CeilDiv(inner.size, inner_step);
  const int64_t outer_pieces = CeilDiv(outer.size, outer_step);
  ForRows(context, inner_pieces * outer_pieces * around.count(), inner_step * outer_step,
          [&](int64_t begin, int64_t n) {
            for (int64_t piece = begin; piece < begin + n; ++piece) {
              const int64_t i = piece / inner_pieces % outer_pieces * outer_step;
              const int64_t j = piece % inner_pieces * inner_step;
              int64_t at[3];
              around.Locate(piece / inner_pieces / outer_pieces, at);
              for (int k = 0; k < 3; ++k) at[k] += i * outer.stride[k] + j * inner.stride[k];
              Axis rows = outer, run = inner;
              rows.size = std::min(outer_step, outer.size - i);
              run.size = std::min(inner_step, inner.size - j);
              Run2d(with, y + at[kY], a + at[kA], b + at[kB], rows, run);
            }
          });
}

void Affine::Run(Context& context) {
  ForElements(context, count,
              [&](int64_t begin, int64_t n) { kernels::Affine(y + begin, x + begin, a, b, n); });
}

void Fill::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) { std::fill_n(y + begin, n, bits); });
}

}  // namespace vitrine::ops
