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

// As Bf16Of(). On vectors of integers, as Highway 1.0.3 cuts off what does not fit.
HWY_INLINE hn::Vec<U16> Narrow(VF v) {
  const U32 d;
  const auto bits = hn::BitCast(d, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fff))));
  const auto number = hn::RebindMask(d, hn::Eq(v, v));
  const auto kept = hn::IfThenElse(number, rounded, hn::Set(d, 0x7fc0));
  return hn::DemoteTo(U16(), hn::BitCast(hn::Rebind<int32_t, F32>(), kept));
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
HWY_INLINE void Put(const Whole& /*io*/, VF v, Bf16* p) {
  hn::StoreU(Narrow(v), U16(), reinterpret_cast<uint16_t*>(p));
}
HWY_INLINE void Put(const Part& io, VF v, Bf16* p) {
  HWY_ALIGN uint16_t lanes[hn::MaxLanes(F32())];
  hn::Store(Narrow(v), U16(), lanes);
  for (size_t i = 0; i < io.count; ++i) p[i].bits = lanes[i];
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_BFLOAT16_INL_H_
