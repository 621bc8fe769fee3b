#pragma once

#include <cstdint>

#include "runtime/tiles.h"

namespace vitrine {

// Hands out parts of scratch by name, as offsets, each at a whole cache line.
class ScratchLayout {
 public:
  int64_t Take(int64_t floats) {
    constexpr int64_t kCacheLine = 16;
    const int64_t offset = size_;
    size_ += RoundUp(floats, kCacheLine);
    return offset;
  }
  int64_t size() const { return size_; }

 private:
  int64_t size_ = 0;
};

}  // namespace vitrine
