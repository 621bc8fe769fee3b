// Vectors of floats that lie in memory as bfloat16. Compiled once per instruction set: include it
// after foreach_target.h.
#if defined(VITRINE_KERNELS_BFLOAT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_BFLOAT16_INL_H_
#undef VITRINE_KERNELS_BFLOAT16_INL_H_
#else
#define VITRINE_KERNELS_BFLOAT16_INL_H_
#endif

#include "kernels/simd-inl.h"
#include "runtime/bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

using U32 = hn::Rebind<uint32_t, F32>;
using U16 = hn::Rebind<uint16_t, F32>;

HWY_INLINE VF Widen(hn::Vec<U16> halves) {
  return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(U32(), halves)));
}

// v rounded as Bf16Of() does it, in the upper halves; the lower ones are what is left over.
HWY_INLINE hn::Vec<U32> RoundUpperHalves(VF v) {
  const U32 d;
  const auto bits = hn::BitCast(d, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fff)));
  const auto number = hn::RebindMask(d, hn::Eq(v, v));
  return hn::IfThenElse(number, rounded, hn::Set(d, 0x7fc00000));
}

// Floats that bfloat16 has: what Widen(Narrow(v)) gives, without going through half a vector.
HWY_INLINE VF Rounded(VF v) {
  return hn::BitCast(F32(), hn::And(RoundUpperHalves(v), hn::Set(U32(), 0xffff0000)));
}

// On vectors of integers, as Highway 1.0.3 cuts off what does not fit.
HWY_INLINE hn::Vec<U16> UpperHalves(hn::Vec<U32> bits) {
  return hn::DemoteTo(U16(), hn::BitCast(hn::Rebind<int32_t, F32>(), hn::ShiftRight<16>(bits)));
}

HWY_INLINE hn::Vec<U16> Narrow(VF v) { return UpperHalves(RoundUpperHalves(v)); }

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

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_BFLOAT16_INL_H_
