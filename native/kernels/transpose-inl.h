// The transpose of 32-bit words in registers, which packing and copying share. Compiled once per
// instruction set: include it after foreach_target.h.
#if defined(VITRINE_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_TRANSPOSE_INL_H_
#undef VITRINE_KERNELS_TRANSPOSE_INL_H_
#else
#define VITRINE_KERNELS_TRANSPOSE_INL_H_
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
// Four by four, in each 128-bit block for itself: store(column, i) for the columns of the rows a to
// e.
template <class D, class V, class Store>
HWY_INLINE void TransposeFours(D d, V a, V b, V c, V e, const Store& store) {
  const hn::RepartitionToWide<D> pairs;
  const auto low_ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto low_ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto high_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto high_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  store(hn::BitCast(d, hn::InterleaveLower(pairs, low_ab, low_ce)), 0);
  store(hn::BitCast(d, hn::InterleaveUpper(pairs, low_ab, low_ce)), 1);
  store(hn::BitCast(d, hn::InterleaveLower(pairs, high_ab, high_ce)), 2);
  store(hn::BitCast(d, hn::InterleaveUpper(pairs, high_ab, high_ce)), 3);
}
#endif

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_TRANSPOSE_INL_H_
