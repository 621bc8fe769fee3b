#pragma once

#include <cstdint>
#include <cstring>

namespace vitrine {

// The upper half of a float32: its sign and exponent, and 8 of its 24 bits.
struct Bf16 {
  uint16_t bits;
};

inline float FloatOf(Bf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide = 0;
  std::memcpy(&wide, &bits, sizeof(wide));
  return wide;
}

// The nearest, of two as near the even one; NaN stays NaN. As the vectors of bfloat16-inl.h.
inline Bf16 Bf16Of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  if (value != value) return {0x7fc0};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

}  // namespace vitrine
