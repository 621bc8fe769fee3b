#pragma once

#include <chrono>

#include "runtime/cpu.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace vitrine {

inline void CpuRelax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Polls ready() for at most `limit`; tells whether it came true. Commands of one step follow each
// other within microseconds, so a short spin saves the ~50 us that waking a sleeping thread takes;
// an idle stream soon sleeps.
template <class Ready>
bool SpinUntil(std::chrono::microseconds limit, Ready ready) {
  // Under a quota, who spins is stopped for it later, in the middle of work.
  static const bool may_spin = !HasCpuQuota();
  const auto end = std::chrono::steady_clock::now() + (may_spin ? limit : limit.zero());
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      CpuRelax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace vitrine
