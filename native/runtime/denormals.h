#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <cstdint>
#endif

namespace vitrine {

// Lets the calling thread take numbers below the normal ones (1.2e-38) for 0, as operands and as
// results. Training needs none of them, optimizer state that decays ends there, and they take
// Intel's cores up to 150 cycles each (a Zen 5 a tenth more time). For threads that compute, all of
// them, so that results do not depend on which one it was; JavaScript's own arithmetic is not for
// us to change.
inline void FlushDenormals() {
#if defined(__x86_64__) || defined(__i386__)
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
#elif defined(__aarch64__)
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | (uint64_t{1} << 24)));
#endif
}

}  // namespace vitrine
