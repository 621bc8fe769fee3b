#include "kernels/peak.h"

#include <utility>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Chains of multiply-adds that do not wait for each other. Two units of four cycles' latency need
// eight, four units (Apple's) sixteen; AVX2 has sixteen registers, of which two hold operands.
#if HWY_TARGET == HWY_AVX2
using Chains = std::make_index_sequence<12>;
#else
using Chains = std::make_index_sequence<16>;
#endif

// The pack names each accumulator by a constant: GCC spills an array that a loop runs over.
template <size_t... kChain>
HWY_INLINE float MultiplyAdd(int64_t flops, std::index_sequence<kChain...>) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t rounds = flops / (2 * lanes * static_cast<int64_t>(sizeof...(kChain)));
  // Every chain tends to 1: no overflow, no denormals.
  const VF factor = Splat(0.5f);
  const VF term = Splat(0.5f);
  VF chain[] = {Splat(static_cast<float>(kChain))...};
  for (int64_t i = 0; i < rounds; ++i) {
    ((chain[kChain] = hn::MulAdd(chain[kChain], factor, term)), ...);
  }
  VF sum = hn::Zero(F32());
  ((sum = hn::Add(sum, chain[kChain])), ...);
  return hn::GetLane(hn::SumOfLanes(F32(), sum));
}

float PeakFma(int64_t flops) { return MultiplyAdd(flops, Chains()); }

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vitrine::kernels {

KERNEL(PeakFma);

#if defined(__x86_64__)

namespace {

// Highway 1.0.3 has no AVX512_BF16. An instruction makes 16 sums of two products: 64 operations.
template <size_t... kChain>
__attribute__((target("avx512f,avx512bf16"))) float MultiplyAddPairs(
    int64_t flops, std::index_sequence<kChain...>) {
  const int64_t rounds = flops / (64 * static_cast<int64_t>(sizeof...(kChain)));
  // 1 and 2^-63, twice a lane: the sums stay far from overflow, and their terms from denormals.
  const auto ones = (__m512bh)_mm512_set1_epi16(0x3f80);
  const auto small = (__m512bh)_mm512_set1_epi16(0x2000);
  __m512 chain[] = {_mm512_set1_ps(static_cast<float>(kChain))...};
  for (int64_t i = 0; i < rounds; ++i) {
    ((chain[kChain] = _mm512_dpbf16_ps(chain[kChain], ones, small)), ...);
  }
  __m512 sum = _mm512_setzero_ps();
  ((sum = _mm512_add_ps(sum, chain[kChain])), ...);
  return _mm512_cvtss_f32(sum);
}

}  // namespace

float PeakBf16Dot(int64_t flops) noexcept {
  return MultiplyAddPairs(flops, std::make_index_sequence<16>());
}

#else

// HasBf16() is false here.
float PeakBf16Dot(int64_t /*flops*/) noexcept { return 0; }

#endif

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
