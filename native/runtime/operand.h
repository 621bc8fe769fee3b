#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/bfloat16.h"

namespace vitrine {

// A command's view of a tensor's memory. Null, with no elements, for an operand that is absent.
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

// Stands for the elements of an operand that is float32 or bfloat16, as its tensor is.
struct Floats;

// The same for such an operand. Whoever reads it asks `bf16` first.
template <>
struct In<Floats> {
  using Element = const Floats;
  const void* data = nullptr;
  size_t count = 0;
  bool bf16 = false;
  explicit operator bool() const { return data != nullptr; }
  const float* floats() const { return static_cast<const float*>(data); }
  const Bf16* halves() const { return static_cast<const Bf16*>(data); }
};

template <>
struct Out<Floats> {
  using Element = Floats;
  void* data = nullptr;
  size_t count = 0;
  bool bf16 = false;
  explicit operator bool() const { return data != nullptr; }
  float* floats() const { return static_cast<float*>(data); }
  Bf16* halves() const { return static_cast<Bf16*>(data); }
};

// An operand that may be absent. The same to C++; what is generated for TypeScript tells them
// apart.
template <class T>
using OptionalIn = In<T>;
template <class T>
using OptionalOut = Out<T>;

// How many elements these sizes make, or -1, which no operand holds, where one is negative or the
// product does not fit.
template <class... Size>
int64_t Product(Size... sizes) {
  int64_t product = 1;
  bool empty = false, overflows = false;
  for (const int64_t size : {static_cast<int64_t>(sizes)...}) {
    if (size < 0) return -1;
    empty = empty || size == 0;
    overflows = __builtin_mul_overflow(product, size, &product) || overflows;
  }
  if (empty) return 0;
  return overflows ? -1 : product;
}

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

// Whether all of the operands that are present hold the same kind of floats.
template <class First, class... Operand>
bool AreAlike(const First& first, const Operand&... others) {
  return (... && (others.data == nullptr || others.bf16 == first.bf16));
}

// An output without elements is as good as one that is absent. Whoever loops over the other sizes,
// which may be anything then, would not come to an end.
template <class T>
void OmitIfEmpty(Out<T>& operand, int64_t count) {
  if (count == 0) operand = {};
}

// Up to eight sizes or strides, as an op receives them.
struct Dims {
  static constexpr int kMax = 8;
  int rank = 0;
  int64_t at[kMax] = {};

  // As Product(), of all sizes.
  int64_t Count() const {
    int64_t count = 1;
    bool empty = false;
    for (int i = 0; i < rank; ++i) {
      if (at[i] < 0) return -1;
      empty = empty || at[i] == 0;
      count = Product(count, at[i] == 0 ? 1 : at[i]);
    }
    return empty ? 0 : count;
  }
};

}  // namespace vitrine
