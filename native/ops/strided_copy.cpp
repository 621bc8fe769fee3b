#include "ops/strided_copy.h"

#include <algorithm>
#include <cstdlib>

#include "kernels/transpose.h"
#include "ops/axes.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

enum Operand { kY = 0, kX = 1 };
using CopyAxes = Axes<2>;
using Axis = CopyAxes::Axis;

template <bool kAccumulate>
void Move(float& y, float x) {
  y = kAccumulate ? y + x : x;
}

template <bool kAccumulate>
void CopyRun(float* y, const float* x, const Axis& axis) {
  if (axis.stride[kY] == 1 && axis.stride[kX] == 1) {
    if constexpr (kAccumulate) {
      for (int64_t i = 0; i < axis.size; ++i) y[i] += x[i];
    } else {
      std::copy_n(x, axis.size, y);
    }
    return;
  }
  for (int64_t i = 0; i < axis.size; ++i)
    Move<kAccumulate>(y[i * axis.stride[kY]], x[i * axis.stride[kX]]);
}

// Operands that run along different axes: x along `outer`, y along `inner`. In blocks whose lines
// stay in L1.
void AddTransposed(float* y, const float* x, const Axis& outer, const Axis& inner) {
  constexpr int64_t kBlock = 16;
  for (int64_t j = 0; j < inner.size; j += kBlock) {
    const Axis block{std::min(kBlock, inner.size - j), {1, inner.stride[kX]}};
    for (int64_t i = 0; i < outer.size; ++i) {
      CopyRun<true>(y + i * outer.stride[kY] + j, x + i + j * inner.stride[kX], block);
    }
  }
}

template <bool kAccumulate>
void CopyPlane(float* y, const float* x, const Axis& outer, const Axis& inner) {
  if (inner.stride[kY] == 1 && outer.stride[kX] == 1 && outer.size > 1) {
    if (kAccumulate) return AddTransposed(y, x, outer, inner);
    return kernels::Transpose(y, x, outer.size, inner.size, outer.stride[kY], inner.stride[kX]);
  }
  for (int64_t i = 0; i < outer.size; ++i) {
    CopyRun<kAccumulate>(y + i * outer.stride[kY], x + i * outer.stride[kX], inner);
  }
}

// The copy as a plane of two axes, cut into pieces, at each index of the axes around it.
struct Plan {
  CopyAxes repeats;  // y does not move: its elements are written, or added to, again and again
  CopyAxes around;
  Axis outer{1, {0, 0}}, inner{1, {0, 0}};
  int64_t outer_step = 1, inner_step = 1;
  bool distinct = true;  // no element of y is met twice, repeats apart

  int64_t outer_pieces() const { return std::max<int64_t>(1, CeilDiv(outer.size, outer_step)); }
  int64_t inner_pieces() const { return std::max<int64_t>(1, CeilDiv(inner.size, inner_step)); }
};

int LeastStride(const CopyAxes& axes, Operand operand) {
  int least = axes.rank() - 1;
  for (int i = axes.rank() - 2; i >= 0; --i) {
    if (std::abs(axes[i].stride[operand]) < std::abs(axes[least].stride[operand])) least = i;
  }
  return least;
}

bool Distinct(CopyAxes axes) {
  int64_t reach = 1;  // elements that the axes seen so far may span
  while (axes.rank() > 0) {
    const Axis axis = axes.Remove(LeastStride(axes, kY));
    if (axis.stride[kY] < reach) return false;
    reach = (axis.size - 1) * axis.stride[kY] + reach;
  }
  return true;
}

Plan MakePlan(const Dims& shape, const Dims& strides_y, const Dims& strides_x) {
  Plan plan;
  for (int i = 0; i < shape.rank; ++i) {
    const Axis axis{shape.at[i], {strides_y.at[i], strides_x.at[i]}};
    (axis.stride[kY] == 0 ? plan.repeats : plan.around).Append(axis);
  }
  plan.distinct = Distinct(plan.around);
  if (plan.around.rank() > 0) plan.inner = plan.around.Remove(LeastStride(plan.around, kY));
  // Runs are written one behind the other; where x runs along another axis, the plane is
  // transposed.
  const Operand along = plan.inner.stride[kX] == 1 ? kY : kX;
  if (plan.around.rank() > 0) plan.outer = plan.around.Remove(LeastStride(plan.around, along));
  plan.inner_step =
      std::min<int64_t>(plan.inner.size, plan.outer.stride[kX] == 1 ? 512 : kElementsPerTile);
  plan.outer_step = std::min(plan.outer.size, RowsPerTile(plan.inner_step));
  return plan;
}

template <bool kAccumulate>
void CopyPieces(const Plan& plan, float* y, const float* x, int64_t begin, int64_t end) {
  const int64_t repeats = plan.repeats.count();
  for (int64_t repeat = 0; repeat < repeats; ++repeat) {
    int64_t again[2];
    plan.repeats.Locate(repeat, again);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece / plan.inner_pieces() % plan.outer_pieces() * plan.outer_step;
      const int64_t j = piece % plan.inner_pieces() * plan.inner_step;
      int64_t at[2];
      plan.around.Locate(piece / plan.inner_pieces() / plan.outer_pieces(), at);
      Axis outer = plan.outer, inner = plan.inner;
      outer.size = std::min(plan.outer_step, outer.size - i);
      inner.size = std::min(plan.inner_step, inner.size - j);
      CopyPlane<kAccumulate>(y + at[kY] + i * outer.stride[kY] + j * inner.stride[kY],
                             x + again[kX] + at[kX] + i * outer.stride[kX] + j * inner.stride[kX],
                             outer, inner);
    }
  }
}

}  // namespace

bool StridedCopy::Valid() const {
  const int64_t elements = shape.Count();
  if (elements < 0 || !Holds(y, Extent(shape, strides_y, offset_y)) ||
      !Holds(x, ExtentBothWays(shape, strides_x, offset_x)))
    return false;
  // An axis along which neither operand moves is bounded by nothing that is held.
  for (int i = 0; elements > 0 && i < shape.rank; ++i) {
    if (shape.at[i] > 1 && strides_y.at[i] == 0 && strides_x.at[i] == 0) return false;
  }
  return true;
}

void StridedCopy::Run(Context& context) {
  const int64_t elements = shape.Count();
  if (elements == 0) return;
  const Plan plan = MakePlan(shape, strides_y, strides_x);
  const int64_t pieces =
      std::max<int64_t>(1, plan.outer_pieces() * plan.inner_pieces() * plan.around.count());
  const int64_t step = plan.distinct ? RowsPerTile(CeilDiv(elements, pieces)) : pieces;
  ForRanges(context, pieces, step, [&](int64_t begin, int64_t end, int) {
    if (accumulate) {
      CopyPieces<true>(plan, y + offset_y, x + offset_x, begin, end);
    } else {
      CopyPieces<false>(plan, y + offset_y, x + offset_x, begin, end);
    }
  });
}

}  // namespace vitrine::ops
