#pragma once

#include <cmath>

namespace vitrine::kernels {

inline constexpr double kSqrtHalf = 0.70710678118654752;
inline constexpr double kNormalDensityAt0 = 0.39894228040143268;  // 1 / sqrt(2 pi)
inline constexpr double kCubed = 0.044715;                        // of GeluTanh

// A function of t >= 0 as cubics in d = t kPerUnit - i, |d| <= 1/2, for i in [0, kPieces), each
// through four points of it (Chebyshev's nodes); 0 in the last piece and beyond.
struct CubicTable {
  static constexpr int kPieces = 32;
  static constexpr float kPerUnit = 16.0f / 3.0f;

  template <class Function>
  explicit CubicTable(Function f) {
    constexpr double kPi = 3.14159265358979323846;
    for (int piece = 0; piece < kPieces - 1; ++piece) {
      double d[4], divided[4];
      for (int i = 0; i < 4; ++i) {
        d[i] = 0.5 * std::cos(kPi * (2 * i + 1) / 8);
        divided[i] = f((piece + d[i]) / kPerUnit);
      }
      // Newton's divided differences, then his polynomial in powers of d.
      for (int order = 1; order < 4; ++order) {
        for (int i = 3; i >= order; --i)
          divided[i] = (divided[i] - divided[i - 1]) / (d[i] - d[i - order]);
      }
      double power[4] = {divided[3], 0, 0, 0};
      for (int i = 2; i >= 0; --i) {
        for (int k = 3; k > 0; --k) power[k] = power[k - 1] - d[i] * power[k];
        power[0] = divided[i] - d[i] * power[0];
      }
      for (int k = 0; k < 4; ++k) of[k][piece] = static_cast<float>(power[k]);
    }
  }

  alignas(64) float of[4][kPieces] = {};  // by power of d
};

// Of Gelu and GeluTanh (activation-inl.h), at -t: what they multiply x by, and their slopes.
inline const CubicTable& GeluTail() {
  static const CubicTable table([](double t) { return 0.5 * std::erfc(t * kSqrtHalf); });
  return table;
}
inline const CubicTable& GeluSlopeTail() {
  static const CubicTable table([](double t) {
    return 0.5 * std::erfc(t * kSqrtHalf) - t * kNormalDensityAt0 * std::exp(-0.5 * t * t);
  });
  return table;
}
inline const CubicTable& GeluTanhTail() {
  static const CubicTable table([](double t) {
    return 1 / (1 + std::exp(4 * kNormalDensityAt0 * t * (1 + kCubed * t * t)));
  });
  return table;
}
inline const CubicTable& GeluTanhSlopeTail() {
  static const CubicTable table([](double t) {
    const double e = std::exp(4 * kNormalDensityAt0 * t * (1 + kCubed * t * t));
    const double slope = 4 * kNormalDensityAt0 * (1 + 3 * kCubed * t * t);
    return 1 / (1 + e) - t * slope * e / ((1 + e) * (1 + e));
  });
  return table;
}

}  // namespace vitrine::kernels
