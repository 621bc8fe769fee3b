#include "kernels/random.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <cstring>

#include "kernels/philox-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Normals must be the same bits on every instruction set, so nothing here uses MulAdd, which rounds
// once where there is a fused instruction and twice where there is not (compile with
// -ffp-contract=off, or the compiler fuses by itself).
HWY_INLINE VF MulThenAdd(VF a, VF b, VF c) { return hn::Add(hn::Mul(a, b), c); }

// Natural logarithm of a normal positive x, by Cephes' logf.
HWY_INLINE VF Log(VF x) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  // x = 2^e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).
  const auto root_half = hn::Set(di, 0x3F3504F3);
  const auto above = hn::Sub(hn::BitCast(di, x), root_half);
  const VF e = hn::ConvertTo(d, hn::ShiftRight<23>(above));
  const auto mantissa = hn::Add(hn::And(above, hn::Set(di, 0x007FFFFF)), root_half);
  const VF f = hn::Sub(hn::BitCast(d, mantissa), Splat(1.0f));
  const VF f2 = hn::Mul(f, f);
  VF p = Splat(7.0376836292e-2f);
  p = MulThenAdd(p, f, Splat(-1.1514610310e-1f));
  p = MulThenAdd(p, f, Splat(1.1676998740e-1f));
  p = MulThenAdd(p, f, Splat(-1.2420140846e-1f));
  p = MulThenAdd(p, f, Splat(1.4249322787e-1f));
  p = MulThenAdd(p, f, Splat(-1.6668057665e-1f));
  p = MulThenAdd(p, f, Splat(2.0000714765e-1f));
  p = MulThenAdd(p, f, Splat(-2.4999993993e-1f));
  p = MulThenAdd(p, f, Splat(3.3333331174e-1f));
  VF y = hn::Mul(hn::Mul(p, f), f2);
  y = MulThenAdd(e, Splat(-2.12194440e-4f), y);
  y = MulThenAdd(f2, Splat(-0.5f), y);
  return MulThenAdd(e, Splat(0.693359375f), hn::Add(f, y));
}

// Cosine and sine of 2 pi w / 2^32, by Cephes' polynomials on the quadrant's middle.
HWY_INLINE void CosSin(hn::Vec<hn::RebindToUnsigned<F32>> w, VF& cosine, VF& sine) {
  const F32 d;
  const hn::RebindToUnsigned<F32> du;
  const hn::RebindToSigned<F32> di;
  const auto quadrant = hn::ShiftRight<30>(hn::Add(w, hn::Set(du, 1u << 29)));
  const auto rest = hn::BitCast(di, hn::Sub(w, hn::ShiftLeft<30>(quadrant)));
  const VF x = hn::Mul(hn::ConvertTo(d, rest), Splat(1.46291807926716e-9f));  // 2 pi / 2^32
  const VF z = hn::Mul(x, x);
  VF s = MulThenAdd(Splat(-1.9515295891e-4f), z, Splat(8.3321608736e-3f));
  s = MulThenAdd(s, z, Splat(-1.6666654611e-1f));
  s = MulThenAdd(hn::Mul(s, z), x, x);
  VF c = MulThenAdd(Splat(2.443315711809948e-5f), z, Splat(-1.388731625493765e-3f));
  c = MulThenAdd(c, z, Splat(4.166664568298827e-2f));
  c = MulThenAdd(hn::Mul(c, z), z, MulThenAdd(z, Splat(-0.5f), Splat(1.0f)));
  const auto one = hn::Set(du, 1u);
  const auto two = hn::Set(du, 2u);
  const auto swap = hn::RebindMask(d, hn::Eq(hn::And(quadrant, one), one));
  const auto cosine_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, one), two));
  const auto sine_sign = hn::ShiftLeft<30>(hn::And(quadrant, two));
  cosine = hn::Xor(hn::IfThenElse(swap, s, c), hn::BitCast(d, cosine_sign));
  sine = hn::Xor(hn::IfThenElse(swap, c, s), hn::BitCast(d, sine_sign));
}

// Box and Muller (1958): words 2i and 2i + 1 make normals 2i and 2i + 1. Rounds n up to whole
// vectors.
HWY_INLINE void NormalsFromWords(float* normals, const uint32_t* words, size_t n) {
  const F32 d;
  const hn::RebindToUnsigned<F32> du;
  const hn::RebindToSigned<F32> di;
  for (size_t i = 0; i < n; i += 2 * hn::Lanes(d)) {
    auto w0 = hn::Zero(du), w1 = w0;
    hn::LoadInterleaved2(du, words + i, w0, w1);
    // In (0, 1], by 31 bits: the farthest normal is 6.6 deviations out.
    const VF u =
        hn::Mul(hn::Add(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(w0))), Splat(1.0f)),
                Splat(0x1p-31f));
    const VF radius = hn::Sqrt(hn::Mul(Splat(-2.0f), Log(u)));
    VF cosine, sine;
    CosSin(w1, cosine, sine);
    hn::StoreInterleaved2(hn::Mul(radius, cosine), hn::Mul(radius, sine), d, normals + i);
  }
}

void UniformFill(float* y, int64_t n, uint64_t seed, uint64_t offset) {
  const auto fill = [&](const uint32_t* words, size_t skip, size_t i, size_t count) KERNEL_INLINE {
    ForEachVector(count, [&](auto io, size_t j) KERNEL_INLINE {
      const VF uniform = UnitFloat(words + skip + j);
      io.Store(uniform, y + i + j);
    });
  };
  ForEachPhiloxRun(n, seed, offset, fill);
}

void NormalFill(float* y, int64_t n, uint64_t seed, uint64_t offset) {
  HWY_ALIGN float normals[kPhiloxRun];
  const auto fill = [&](const uint32_t* words, size_t skip, size_t i, size_t count) KERNEL_INLINE {
    NormalsFromWords(normals, words, skip + count);
    std::memcpy(y + i, normals + skip, count * sizeof(float));
  };
  ForEachPhiloxRun(n, seed, offset, fill);
}

// The normal whose two-sided probability is x, |x| <= erf(sqrt 2): sqrt(2) times the inverse error
// function by Giles' (2010) polynomial for the centre, within 3e-7 of it.
HWY_INLINE VF CentralNormal(VF x) {
  const VF one = Splat(1.0f);
  const VF w = hn::Sub(hn::Neg(Log(hn::Mul(hn::Sub(one, x), hn::Add(one, x)))), Splat(2.5f));
  VF p = Splat(2.81022636e-8f);
  p = MulThenAdd(p, w, Splat(3.43273939e-7f));
  p = MulThenAdd(p, w, Splat(-3.5233877e-6f));
  p = MulThenAdd(p, w, Splat(-4.39150654e-6f));
  p = MulThenAdd(p, w, Splat(2.1858087e-4f));
  p = MulThenAdd(p, w, Splat(-1.25372503e-3f));
  p = MulThenAdd(p, w, Splat(-4.17768164e-3f));
  p = MulThenAdd(p, w, Splat(2.46640727e-1f));
  p = MulThenAdd(p, w, Splat(1.50140941f));
  return hn::Mul(hn::Mul(p, x), Splat(1.41421356f));
}

void TruncatedNormalFill(float* y, int64_t n, uint64_t seed, uint64_t offset) {
  const auto fill = [&](const uint32_t* words, size_t skip, size_t i, size_t count) KERNEL_INLINE {
    ForEachVector(count, [&](auto io, size_t j) KERNEL_INLINE {
      // Uniform in +-erf(sqrt 2), the probability of being within two deviations.
      const VF x =
          MulThenAdd(UnitFloat(words + skip + j), Splat(1.90899947f), Splat(-0.954499736f));
      io.Store(CentralNormal(x), y + i + j);
    });
  };
  ForEachPhiloxRun(n, seed, offset, fill);
}

void IntFill(int32_t* y, int64_t n, int32_t low, int32_t high, uint64_t seed, uint64_t offset) {
  const uint64_t range = static_cast<uint64_t>(static_cast<int64_t>(high) - low);
  const auto fill = [&](const uint32_t* words, size_t skip, size_t i, size_t count) KERNEL_INLINE {
    // Lemire's multiply and shift, without rejection: an element owns one word.
    // Biased by at most range / 2^32.
    for (size_t j = 0; j < count; ++j) {
      y[i + j] = static_cast<int32_t>(low + static_cast<int64_t>((words[skip + j] * range) >> 32));
    }
  };
  ForEachPhiloxRun(n, seed, offset, fill);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(UniformFill);
KERNEL(NormalFill);
KERNEL(TruncatedNormalFill);
KERNEL(IntFill);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
