#pragma once

#include <cstddef>
#include <cstdint>

namespace vitrine {

// A command's view of a tensor's memory. Null, with no elements, for an optional operand that is
// absent.
template <class T>
struct In {
  using Element = const T;
  const T* data = nullptr;
  size_t count = 0;
  operator const T*() const { return data; }  // NOLINT: an operand reads as the pointer it is
};

template <class T>
struct Out {
  using Element = T;
  T* data = nullptr;
  size_t count = 0;
  operator T*() const { return data; }  // NOLINT: as above
};

// Whether the operand holds `count` elements at least. The scripting side has checked shapes
// already; this is what memory safety needs.
template <class Operand>
bool Holds(const Operand& operand, int64_t count) {
  return count >= 0 && operand.data != nullptr && operand.count >= static_cast<size_t>(count);
}

template <class Operand>
bool HoldsOrAbsent(const Operand& operand, int64_t count) {
  return operand.data == nullptr || Holds(operand, count);
}

// Up to eight sizes or strides, as an op receives them.
struct Dims {
  static constexpr int kMax = 8;
  int rank = 0;
  int64_t at[kMax] = {};
};

}  // namespace vitrine
