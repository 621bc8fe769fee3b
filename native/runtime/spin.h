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

// How long a thread spins that would for `limit`. Under a quota of CPU time not at all: who spins
// is stopped for it later, in the middle of work.
inline std::chrono::microseconds SpinUnderQuota(std::chrono::microseconds limit, bool has_quota) {
  return has_quota ? limit.zero() : limit;
}

// The same for one of a pool's threads on so many CPUs, 0 where that is not known. Where threads
// are more than CPUs, who spins keeps others from their work.
inline std::chrono::microseconds SpinBeside(std::chrono::microseconds limit, int threads,
                                            int cpus) {
  return cpus > 0 && threads > cpus ? limit.zero() : limit;
}

// Polls ready() for at most `limit`, a few times at least; tells whether it came true.
template <class Ready>
bool PollUntil(std::chrono::microseconds limit, Ready ready) {
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      CpuRelax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// The same, unless this process has a quota. Commands of one step follow each other within
// microseconds, so a short spin saves the ~50 us that waking a sleeping thread takes; an idle
// stream soon sleeps.
template <class Ready>
bool SpinUntil(std::chrono::microseconds limit, Ready ready) {
  static const bool has_quota = HasCpuQuota();
  return PollUntil(SpinUnderQuota(limit, has_quota), ready);
}

}  // namespace vitrine
