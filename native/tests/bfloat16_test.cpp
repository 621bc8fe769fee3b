// Kernels whose results are bfloat16, on the instruction set of this process.

#include "kernels/bfloat16.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "ops/activation.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

float FloatOfBits(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// 0 and all normal exponents, with parts below a bfloat16 of 0, of a half, and on both sides of it;
// infinities, and NaNs of both signs and several payloads. No number below the normal ones.
std::vector<float> Values() {
  std::vector<float> values;
  for (const uint32_t sign : {0u, 0x80000000u}) {
    values.push_back(FloatOfBits(sign));
    for (uint32_t exponent = 1; exponent < 256; ++exponent) {
      for (const uint32_t mantissa : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0x17fffu, 0x18000u,
                                      0x18001u, 0x400000u, 0x7f7fffu, 0x7f8000u, 0x7fffffu}) {
        values.push_back(FloatOfBits(sign | exponent << 23 | mantissa));
      }
    }
  }
  return values;
}

void ResultsAreRoundedToTheNearest() {
  const std::vector<float> values = Values();
  const auto count = static_cast<int64_t>(values.size());
  std::vector<Bf16> y(values.size()), preactivation(values.size());
  for (int64_t columns : {count, int64_t{1}, int64_t{19}}) {
    for (int64_t first = 0; first + columns <= count; first += columns) {
      kernels::FinishBf16(0, {.y = y.data() + first,
                              .preactivation = preactivation.data() + first,
                              .c = values.data() + first,
                              .bias = nullptr,
                              .residual = nullptr,
                              .rows = 1,
                              .columns = columns,
                              .ldc = columns,
                              .ldy = columns});
    }
    for (int64_t i = 0; i < count - count % columns; ++i) {
      const Bf16 expected = Bf16Of(values[i]);
      const std::string of = std::to_string(values[i]) + ", number " + std::to_string(i);
      Expect(y[i].bits == expected.bits, "the nearest bfloat16 of " + of);
      Expect(preactivation[i].bits == expected.bits, "the same where it is kept, of " + of);
    }
  }
}

// ReLU's gradient is dy or 0: no arithmetic, so that numbers below the normal ones stay.
void ReluHandsSmallGradientsOn() {
  const auto relu = static_cast<int32_t>(ops::Activation::kRelu);
  std::vector<Bf16> x(37, Bf16{0x3f80}), dy(37), dx(37);
  for (size_t i = 0; i < dy.size(); ++i) dy[i].bits = static_cast<uint16_t>(i % 2 << 15 | (i + 1));
  kernels::ActivationBackwardBf16(relu, dx.data(), dy.data(), x.data(), 37);
  for (size_t i = 0; i < dy.size(); ++i)
    Expect(dx[i].bits == dy[i].bits, "gradient " + std::to_string(i) + " is handed on");
}

constexpr Test kTests[] = {
    {"results in bfloat16 are rounded to the nearest, NaN to one NaN",
     ResultsAreRoundedToTheNearest},
    {"ReLU hands gradients below the normal numbers on", ReluHandsSmallGradientsOn},
};

}  // namespace

std::span<const Test> Bfloat16Tests() { return kTests; }

}  // namespace vitrine
