#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/operand.h"

namespace vitrine::ops {

// The axes of a walk over several operands at once, outermost first, with each operand's stride
// along each axis. Axes of one element are left out, and neighbours that all operands can walk as
// one are merged.
template <int kOperands>
class Axes {
 public:
  struct Axis {
    int64_t size;
    int64_t stride[kOperands];
  };

  int rank() const { return rank_; }
  const Axis& operator[](int axis) const { return axes_[axis]; }

  // The product of the sizes.
  int64_t count() const {
    int64_t count = 1;
    for (int i = 0; i < rank_; ++i) count *= axes_[i].size;
    return count;
  }

  // Adds an axis inside the others.
  void Append(const Axis& axis) {
    if (axis.size == 1) return;
    if (rank_ > 0 && Merges(axes_[rank_ - 1], axis)) {
      const int64_t size = axes_[rank_ - 1].size * axis.size;
      axes_[rank_ - 1] = axis;
      axes_[rank_ - 1].size = size;
    } else {
      axes_[rank_++] = axis;
    }
  }

  // Takes an axis out and returns it.
  Axis Remove(int index) {
    const Axis removed = axes_[index];
    --rank_;
    for (int i = index; i < rank_; ++i) axes_[i] = axes_[i + 1];
    return removed;
  }

  // Sets `offset` to where each operand's element of this row-major index lies.
  void Locate(int64_t index, int64_t (&offset)[kOperands]) const {
    for (int64_t& each : offset) each = 0;
    for (int i = rank_ - 1; i >= 0; --i) {
      const int64_t at = index % axes_[i].size;
      index /= axes_[i].size;
      for (int k = 0; k < kOperands; ++k) offset[k] += at * axes_[i].stride[k];
    }
  }

 private:
  static bool Merges(const Axis& outer, const Axis& inner) {
    for (int k = 0; k < kOperands; ++k) {
      if (outer.stride[k] != inner.stride[k] * inner.size) return false;
    }
    return true;
  }

  int rank_ = 0;
  Axis axes_[Dims::kMax];
};

// One past the last element that a walk over `shape` reaches; 0 for an empty one, -1 when a size or
// stride is negative, the ranks differ, or it is no number that fits.
inline int64_t Extent(const Dims& shape, const Dims& strides, int64_t offset) {
  if (shape.rank != strides.rank || offset < 0) return -1;
  int64_t end = offset;
  bool empty = false, overflows = __builtin_add_overflow(end, 1, &end);
  for (int i = 0; i < shape.rank; ++i) {
    if (shape.at[i] < 0 || strides.at[i] < 0) return -1;
    if (shape.at[i] == 0) {
      empty = true;
      continue;
    }
    const int64_t reach = Product(shape.at[i] - 1, strides.at[i]);
    overflows = reach < 0 || __builtin_add_overflow(end, reach, &end) || overflows;
  }
  if (empty) return 0;
  return overflows ? -1 : end;
}

// As Extent(), of a walk that may run backwards; -1 also where it comes before the first element.
inline int64_t ExtentBothWays(const Dims& shape, const Dims& strides, int64_t offset) {
  Dims forward = strides;
  int64_t first = offset;
  for (int i = 0; i < shape.rank && i < strides.rank; ++i) {
    if (strides.at[i] >= 0) continue;
    if (strides.at[i] == INT64_MIN) return -1;
    forward.at[i] = -strides.at[i];
    const int64_t reach = Product(std::max<int64_t>(0, shape.at[i] - 1), forward.at[i]);
    if (reach < 0 || first < reach) return shape.Count() == 0 ? 0 : -1;
    first -= reach;
  }
  return Extent(shape, forward, first);
}

}  // namespace vitrine::ops
