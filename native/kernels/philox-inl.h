// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3" (SC'11). Element e of stream `seed` is word e % 4 of counter e / 4.
// Compiled once per instruction set: include it after foreach_target.h.
#if defined(VITRINE_KERNELS_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_PHILOX_INL_H_
#undef VITRINE_KERNELS_PHILOX_INL_H_
#else
#define VITRINE_KERNELS_PHILOX_INL_H_
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

using U64 = hn::ScalableTag<uint64_t>;
using VU64 = hn::Vec<U64>;

// The 64-bit product of the lanes' low halves, whatever their high halves hold.
HWY_INLINE VU64 MulLow32(VU64 a, uint32_t b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(U64(), uint64_t{static_cast<uint32_t>(hn::GetLane(a))} * b);
#else
  const hn::Repartition<uint32_t, U64> d32;
  return hn::MulEven(hn::BitCast(d32, a), hn::Set(d32, b));
#endif
}

// words[4j + k] = word k of counter + j, for j < counters rounded up to whole vectors.
// Each of the four words is the low half of a 64-bit lane: the rounds never look at the high
// halves.
HWY_INLINE void PhiloxWords(uint32_t* words, size_t counters, uint64_t seed, uint64_t counter) {
  const U64 d;
  const VU64 low_half = hn::Set(d, uint64_t{0xFFFFFFFF});
  for (size_t j = 0; j < counters; j += hn::Lanes(d)) {
    const VU64 c = hn::Add(hn::Set(d, counter + j), hn::Iota(d, 0));
    VU64 w0 = c, w1 = hn::ShiftRight<32>(c), w2 = hn::Zero(d), w3 = hn::Zero(d);
    uint32_t key0 = static_cast<uint32_t>(seed);
    uint32_t key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
      const VU64 p0 = MulLow32(w0, 0xD2511F53);
      const VU64 p2 = MulLow32(w2, 0xCD9E8D57);
      w0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p2), w1), hn::Set(d, uint64_t{key0}));
      w1 = p2;
      w2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), w3), hn::Set(d, uint64_t{key1}));
      w3 = p0;
    }
    const VU64 w01 = hn::Or(hn::And(w0, low_half), hn::ShiftLeft<32>(w1));
    const VU64 w23 = hn::Or(hn::And(w2, low_half), hn::ShiftLeft<32>(w3));
    hn::StoreInterleaved2(w01, w23, d, reinterpret_cast<uint64_t*>(words + 4 * j));
  }
}

constexpr size_t kPhiloxRun = 256;

// Calls fn(words, skip, i, count) for runs that cover elements [offset, offset + n): words + skip
// are the words of elements offset + i onwards. A run starts at a whole counter, so that every
// element is computed in the same way whatever the range of the call.
template <class Fn>
HWY_INLINE void ForEachPhiloxRun(size_t n, uint64_t seed, uint64_t offset, Fn fn) {
  // UnitFloat reads whole vectors, so up to a vector past the last word.
  HWY_ALIGN uint32_t words[kPhiloxRun + hn::MaxLanes(F32())];
  uint64_t counter = offset / 4;
  size_t skip = offset % 4;
  for (size_t i = 0; i < n; counter += kPhiloxRun / 4) {
    const size_t count = HWY_MIN(kPhiloxRun - skip, n - i);
    PhiloxWords(words, (skip + count + 3) / 4, seed, counter);
    fn(words, skip, i, count);
    i += count;
    skip = 0;
  }
}

// The uniform floats in [0, 1) of a vector of words, from their upper 24 bits.
HWY_INLINE VF UnitFloat(const uint32_t* words) {
  const F32 d;
  const hn::RebindToUnsigned<F32> du;
  const hn::RebindToSigned<F32> di;
  const auto bits = hn::ShiftRight<8>(hn::LoadU(du, words));
  return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, bits)), Splat(0x1p-24f));
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_PHILOX_INL_H_
