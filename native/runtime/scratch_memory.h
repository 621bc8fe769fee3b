#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "runtime/aligned_memory.h"

namespace vitrine {

// Memory that is kept from command to command: a part for each worker and one that they share,
// 64-byte aligned, of undefined content. What asks for more may move what it was given before.
class ScratchMemory {
 public:
  explicit ScratchMemory(int workers = 0) : own_(workers) {}
  // `count` floats for each worker.
  void Reserve(size_t count) {
    for (Buffer& buffer : own_) buffer.Reserve(count);
  }
  float* Own(int worker) { return own_[worker].memory.get(); }
  float* Shared(size_t count) {
    shared_.Reserve(count);
    return shared_.memory.get();
  }

 private:
  struct Free {
    void operator()(float* memory) const { AlignedFree(memory); }
  };
  struct Buffer {
    std::unique_ptr<float[], Free> memory;
    size_t count = 0;

    // Throws std::bad_alloc.
    void Reserve(size_t wanted) {
      if (wanted <= count) return;
      count = 0;
      memory.reset();
      if (wanted > (SIZE_MAX - 63) / sizeof(float)) throw std::bad_alloc();
      const size_t bytes = (wanted * sizeof(float) + 63) / 64 * 64;
      memory.reset(static_cast<float*>(AlignedAllocate(64, bytes)));
      if (memory == nullptr) throw std::bad_alloc();
      count = wanted;
    }
  };

  std::vector<Buffer> own_;
  Buffer shared_;
};

}  // namespace vitrine
