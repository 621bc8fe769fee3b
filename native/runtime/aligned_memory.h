#pragma once

#include <cstddef>
#include <cstdlib>

#if defined(_WIN32)
#include <malloc.h>
#endif

namespace vitrine {

// Memory whose address is a multiple of `alignment`, a power of two; nullptr where there is none.
// It goes back by AlignedFree alone: the C library of Windows has another heap for it.
inline void* AlignedAllocate(size_t alignment, size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, alignment);
#else
  void* data = nullptr;
  return posix_memalign(&data, alignment, bytes) == 0 ? data : nullptr;
#endif
}

inline void AlignedFree(void* data) {
#if defined(_WIN32)
  _aligned_free(data);
#else
  std::free(data);
#endif
}

}  // namespace vitrine
