// The register block that the matrix products share. Compiled once per instruction set: include it
// after foreach_target.h.
#if defined(VITRINE_KERNELS_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_BLOCK_INL_H_
#undef VITRINE_KERNELS_BLOCK_INL_H_
#else
#define VITRINE_KERNELS_BLOCK_INL_H_
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Whether there are 32 registers rather than 16. The sums of a block must fit them, beside a row of
// b's vectors and one of a.
constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;

// A factor's rows, so far apart, and its steps along k.
struct BlockLeft {
  const float* data;
  int64_t row_stride, step;
};

// sum += a b, for rows of a and as many vectors of b's rows, over k steps; `between` runs at each.
template <int kRows, int kVectors, class Between>
HWY_INLINE void MultiplyBlock(VF (&sum)[kRows][kVectors], const BlockLeft& left, const float* b,
                              int64_t b_step, int64_t k, const Between& between) {
  const F32 d;
  constexpr int64_t lanes = hn::MaxLanes(F32());
  const float* a = left.data;
  const int64_t row_stride = left.row_stride;
  const int64_t step = left.step;
  int64_t row_at[kRows] = {0};
  HWY_UNROLL(16)
  for (int r = 1; r < kRows; ++r) {
    row_at[r] = r * row_stride;
#if HWY_COMPILER_CLANG
    // clang would add the stride up from row to row, each address after the last: 1.4 times the
    // time for 197 x 1536 x 384, 1.2 for small products (clang 21, Zen 5).
    __asm__("" : "+r"(row_at[r]));
#endif
  }
  for (int64_t p = 0; p < k; ++p) {
    between();
    VF row[kVectors];
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      const VF factor = Splat(a[row_at[r]]);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(factor, row[v], sum[r][v]);
    }
    a += step;
    b += b_step;
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_BLOCK_INL_H_
