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

double NormalCdf(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
double Gelu(double x) { return x * NormalCdf(x); }
double GeluSlope(double x) {
  return NormalCdf(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0));
}
double GeluTanhArgument(double x) {
  return std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x);
}
double GeluTanh(double x) { return x / (1 + std::exp(-2 * GeluTanhArgument(x))); }
double GeluTanhSlope(double x) {
  const double s = 1 / (1 + std::exp(-2 * GeluTanhArgument(x)));
  const double slope = 2 * std::sqrt(2 / std::acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
  return s + x * s * (1 - s) * slope;
}

// All finite numbers, against the definition: within half a unit of bfloat16's last place, a
// hundredth of that more, and what the function itself may be off by.
void CheckGelu(ops::Activation kind, double (*y)(double), double (*slope)(double)) {
  constexpr double kHalfUnit = 0x1p-8 * 1.01, kForward = 1.5e-6, kBackward = 2e-6;
  const auto activation = static_cast<int32_t>(kind);
  std::vector<Bf16> x, forward, finished, backward;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Bf16 value{static_cast<uint16_t>(bits)};
    if (std::isnormal(FloatOf(value)) || FloatOf(value) == 0) x.push_back(value);
  }
  const auto n = static_cast<int64_t>(x.size());
  const std::vector<Bf16> dy(x.size(), Bf16Of(1));
  std::vector<float> wide;
  for (const Bf16 value : x) wide.push_back(FloatOf(value));
  forward.resize(x.size());
  finished.resize(x.size());
  backward.resize(x.size());
  kernels::ActivationForwardBf16(activation, forward.data(), x.data(), n);
  kernels::ActivationBackwardBf16(activation, backward.data(), dy.data(), x.data(), n);
  kernels::FinishBf16(activation, {.y = finished.data(),
                                   .preactivation = nullptr,
                                   .c = wide.data(),
                                   .bias = nullptr,
                                   .residual = nullptr,
                                   .rows = 1,
                                   .columns = n,
                                   .ldc = n,
                                   .ldy = n});
  for (int64_t i = 0; i < n; ++i) {
    if (std::abs(wide[i]) > 0x1p60f) continue;  // GeluTanh's cube overflows, as PyTorch's
    const double at = wide[i], expected = y(at), gradient = slope(at);
    const std::string of = std::to_string(at) + " of activation " + std::to_string(activation);
    Expect(std::abs(FloatOf(forward[i]) - expected) <= kHalfUnit * std::abs(expected) + kForward,
           "result at " + of);
    Expect(std::abs(FloatOf(backward[i]) - gradient) <= kHalfUnit * std::abs(gradient) + kBackward,
           "slope at " + of);
    Expect(finished[i].bits == forward[i].bits, "the same behind a product, at " + of);
  }
}

void GeluIsThatOfTheDefinition() {
  CheckGelu(ops::Activation::kGelu, Gelu, GeluSlope);
  CheckGelu(ops::Activation::kGeluTanh, GeluTanh, GeluTanhSlope);
}

void GeluKeepsWhatIsNotFinite() {
  for (const auto kind : {ops::Activation::kGelu, ops::Activation::kGeluTanh}) {
    const auto activation = static_cast<int32_t>(kind);
    const float infinity = std::numeric_limits<float>::infinity();
    const Bf16 x[] = {Bf16Of(infinity), Bf16Of(NAN)}, dy[] = {Bf16Of(1), Bf16Of(1)};
    Bf16 y[2], dx[2];
    kernels::ActivationForwardBf16(activation, y, x, 2);
    kernels::ActivationBackwardBf16(activation, dx, dy, x, 2);
    Expect(FloatOf(y[0]) == infinity, "GELU of infinity is infinity");
    Expect(std::isnan(FloatOf(y[1])), "GELU of NaN is NaN");
    Expect(std::isnan(FloatOf(dx[1])), "its gradient at NaN is NaN");
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
    {"GELU in bfloat16 is that of its definition, on all numbers", GeluIsThatOfTheDefinition},
    {"GELU in bfloat16 keeps what is not finite", GeluKeepsWhatIsNotFinite},
    {"ReLU hands gradients below the normal numbers on", ReluHandsSmallGradientsOn},
};

}  // namespace

std::span<const Test> Bfloat16Tests() { return kTests; }

}  // namespace vitrine
