// Loops over runs of floats of any length and alignment, and the row reductions that several
// kernels share. Compiled once per instruction set: include it after foreach_target.h.
#if defined(VITRINE_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VITRINE_KERNELS_SIMD_INL_H_
#undef VITRINE_KERNELS_SIMD_INL_H_
#else
#define VITRINE_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

// For lambdas that handle vectors: compiled for the current instruction set and never called
// through memory.
#undef KERNEL_INLINE
#define KERNEL_INLINE HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using VF = hn::Vec<F32>;

HWY_INLINE VF Splat(float value) { return hn::Set(F32(), value); }

// A vector's worth of a run.
struct Whole {
  HWY_INLINE VF Load(const float* p) const { return hn::LoadU(F32(), p); }
  HWY_INLINE VF LoadOr(const float* p, float /*missing*/) const { return hn::LoadU(F32(), p); }
  HWY_INLINE void Store(VF v, float* p) const { hn::StoreU(v, F32(), p); }
  // Past the caches, to where CanStream says so: for what nobody reads soon. Whoever streams calls
  // hwy::FlushStream() before other threads may read it.
  HWY_INLINE void Stream(VF v, float* p) const { hn::Stream(v, F32(), p); }
  // v, with zeros past the end of the run.
  HWY_INLINE VF Keep(VF v) const { return v; }
};

// The end of a run: count lanes, fewer than a vector's. Touches no memory past them.
struct Part {
  size_t count;

  HWY_INLINE VF Load(const float* p) const {
    const F32 d;
    // AVX2 says that masked loads might fault, but means 8 and 16 bit lanes; maskload_ps does not.
#if HWY_MEM_OPS_MIGHT_FAULT && HWY_TARGET != HWY_AVX2
    HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
    for (size_t i = 0; i < count; ++i) lanes[i] = p[i];
    return hn::Load(d, lanes);
#else
    return hn::MaskedLoad(hn::FirstN(d, count), d, p);
#endif
  }
  HWY_INLINE VF LoadOr(const float* p, float missing) const {
    return hn::IfThenElse(hn::FirstN(F32(), count), Load(p), Splat(missing));
  }
  HWY_INLINE void Store(VF v, float* p) const {
    const F32 d;
#if HWY_MEM_OPS_MIGHT_FAULT && HWY_TARGET != HWY_AVX2
    HWY_ALIGN float lanes[hn::MaxLanes(d)];
    hn::Store(v, d, lanes);
    for (size_t i = 0; i < count; ++i) p[i] = lanes[i];
#else
    hn::BlendedStore(v, hn::FirstN(d, count), d, p);
#endif
  }
  HWY_INLINE void Stream(VF v, float* p) const { Store(v, p); }
  HWY_INLINE VF Keep(VF v) const { return hn::IfThenElseZero(hn::FirstN(F32(), count), v); }
};

// Whether the rows of a matrix, so many floats apart, all begin at whole vectors.
HWY_INLINE bool CanStream(const float* x, int64_t stride) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  return reinterpret_cast<uintptr_t>(x) % (lanes * sizeof(float)) == 0 && stride % lanes == 0;
}

// Calls fn(io, i) for the vector at each i, where io (Whole or Part) loads and stores it.
template <class Fn>
HWY_INLINE void ForEachVector(size_t n, Fn fn) {
  const size_t lanes = hn::Lanes(F32());
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) fn(Whole(), i);
  if (i < n) fn(Part{n - i}, i);
}

// Likewise fn(io, i, k) with k in 0..3 in turn: reductions keep four sums, to hide the latency of
// an addition.
template <class Fn>
HWY_INLINE void ForEachVectorOf4(size_t n, Fn fn) {
  const size_t lanes = hn::Lanes(F32());
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    fn(Whole(), i, 0);
    fn(Whole(), i + lanes, 1);
    fn(Whole(), i + 2 * lanes, 2);
    fn(Whole(), i + 3 * lanes, 3);
  }
  for (; i + lanes <= n; i += lanes) fn(Whole(), i, 0);
  if (i < n) fn(Part{n - i}, i, 1);
}

// Four partial sums.
struct Sums {
  VF part[4];

  // Written out, because an implicit constructor is not compiled for the instruction set.
  HWY_INLINE Sums() { part[0] = part[1] = part[2] = part[3] = hn::Zero(F32()); }
  HWY_INLINE float Total() const {
    const VF sum = hn::Add(hn::Add(part[0], part[1]), hn::Add(part[2], part[3]));
    return hn::GetLane(hn::SumOfLanes(F32(), sum));
  }
};

// The largest of x; NaNs are passed over, -infinity if there is nothing else.
HWY_INLINE float RowMax(const float* x, size_t n) {
  const float lowest = -HUGE_VALF;
  VF best[4] = {Splat(lowest), Splat(lowest), Splat(lowest), Splat(lowest)};
  ForEachVectorOf4(n, [&](auto io, size_t i, int k) KERNEL_INLINE {
    const VF v = io.LoadOr(x + i, lowest);
    best[k] = hn::Max(v, best[k]);
  });
  const VF all = hn::Max(hn::Max(best[0], best[1]), hn::Max(best[2], best[3]));
  return hn::GetLane(hn::MaxOfLanes(F32(), all));
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // VITRINE_KERNELS_SIMD_INL_H_
