// Vectors of floats that lie in memory as bfloat16. Compiled once per instruction set: include it
// after foreach_target.h.
#if defined(VITRINE_KERNELS_BFLOAT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_BFLOAT16_INL_H_
#undef VITRINE_KERNELS_BFLOAT16_INL_H_
#else
#define VITRINE_KERNELS_BFLOAT16_INL_H_
#endif

#include <type_traits>

#include "kernels/simd-inl.h"
#include "runtime/bfloat16.h"
#include "runtime/cpu.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

using U32 = hn::Rebind<uint32_t, F32>;
using U16 = hn::Rebind<uint16_t, F32>;

HWY_INLINE VF Widen(hn::Vec<U16> halves) {
  return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(U32(), halves)));
}

// v rounded as Bf16Of() does it. On vectors of integers, as Highway 1.0.3 cuts off what does not
// fit.
HWY_INLINE hn::Vec<U16> Narrow(VF v) {
  const U32 d;
  const auto bits = hn::BitCast(d, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fff)));
  const auto number = hn::RebindMask(d, hn::Eq(v, v));
  const auto upper = hn::ShiftRight<16>(hn::IfThenElse(number, rounded, hn::Set(d, 0x7fc00000)));
  return hn::DemoteTo(U16(), hn::BitCast(hn::Rebind<int32_t, F32>(), upper));
}

// Two ways to round, of the same bits, but that the instruction takes for 0 what is below the
// normal numbers: it is for results of arithmetic, which FlushDenormals() has flushed already.
struct ByIntegers {
  static HWY_INLINE hn::Vec<U16> Halves(VF v) { return Narrow(v); }
};

#if HWY_TARGET == HWY_AVX3
// By AVX512_BF16's vcvtneps2bf16, 3 instructions instead of 8. In assembly: compilers have the
// intrinsic for whole functions of that instruction set, Highway 1.0.3 has no target with it.
struct ByInstruction {
  static HWY_INLINE hn::Vec<U16> Halves(VF v) {
    __m256i halves;
    asm("vcvtneps2bf16 %1, %0" : "=v"(halves) : "v"(v.raw));
    // It keeps the sign and the payload of a NaN.
    const __mmask16 nan = _mm512_cmp_ps_mask(v.raw, v.raw, _CMP_UNORD_Q);
    return hn::Vec<U16>{_mm256_mask_mov_epi16(halves, nan, _mm256_set1_epi16(0x7fc0))};
  }
};
#endif

// Calls fn with the faster of them that this CPU has, for results that are stored as T.
template <class T, class Fn>
HWY_INLINE void WithRounding(const Fn& fn) {
#if HWY_TARGET == HWY_AVX3
  if (std::is_same_v<T, Bf16> && HasBf16()) return fn(ByInstruction());
#endif
  fn(ByIntegers());
}

// io.Load and io.Store of ForEachVector, for memory of either kind.
template <class Io>
HWY_INLINE VF Get(const Io& io, const float* p) {
  return io.Load(p);
}
HWY_INLINE VF Get(const Whole& /*io*/, const Bf16* p) {
  return Widen(hn::LoadU(U16(), reinterpret_cast<const uint16_t*>(p)));
}
HWY_INLINE VF Get(const Part& io, const Bf16* p) {
  HWY_ALIGN uint16_t lanes[hn::MaxLanes(F32())] = {};
  for (size_t i = 0; i < io.count; ++i) lanes[i] = p[i].bits;
  return Widen(hn::Load(U16(), lanes));
}

template <class Io>
HWY_INLINE void Put(const Io& io, VF v, float* p) {
  io.Store(v, p);
}
HWY_INLINE void PutHalves(const Whole& /*io*/, hn::Vec<U16> halves, Bf16* p) {
  hn::StoreU(halves, U16(), reinterpret_cast<uint16_t*>(p));
}
HWY_INLINE void PutHalves(const Part& io, hn::Vec<U16> halves, Bf16* p) {
  HWY_ALIGN uint16_t lanes[hn::MaxLanes(F32())];
  hn::Store(halves, U16(), lanes);
  for (size_t i = 0; i < io.count; ++i) p[i].bits = lanes[i];
}
template <class Io>
HWY_INLINE void Put(const Io& io, VF v, Bf16* p) {
  PutHalves(io, Narrow(v), p);
}
// Results of arithmetic, rounded in one of the two ways.
template <class Rounding, class Io>
HWY_INLINE void PutResult(Rounding /*rounding*/, const Io& io, VF v, Bf16* p) {
  PutHalves(io, Rounding::Halves(v), p);
}
template <class Rounding, class Io>
HWY_INLINE void PutResult(Rounding /*rounding*/, const Io& io, VF v, float* p) {
  io.Store(v, p);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_BFLOAT16_INL_H_
