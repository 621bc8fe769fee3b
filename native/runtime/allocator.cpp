#include "runtime/allocator.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace vitrine {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

// Eight classes a doubling: at most 12.5% is wasted, and tensors of nearly one size share blocks.
size_t SizeClass(size_t bytes) {
  bytes = std::max(bytes, kAlignment);
  const size_t step = std::max(kAlignment, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

void* SystemAllocate(size_t capacity) {
  // Huge pages spare GEMM most of its TLB misses; small blocks would waste them.
  const bool huge = capacity >= 2 * kHugePage;
  void* data =
      std::aligned_alloc(huge ? kHugePage : kAlignment,
                         huge ? (capacity + kHugePage - 1) / kHugePage * kHugePage : capacity);
#if defined(__linux__)
  if (huge && data != nullptr) madvise(data, capacity, MADV_HUGEPAGE);
#endif
  return data;
}

}  // namespace

Allocator::~Allocator() { Trim(); }

void* Allocator::Take(Pool& pool, size_t capacity) {
  const auto found = pool.find(capacity);
  if (found == pool.end() || found->second.empty()) return nullptr;
  void* data = found->second.back();
  found->second.pop_back();
  return data;
}

Block Allocator::TryAllocate(size_t bytes, Pool* pool) {
  if (bytes > limit_) return {};
  const size_t capacity = SizeClass(bytes);
  void* data = nullptr;
  if (pool != nullptr && (data = Take(*pool, capacity)) != nullptr) {
    statistics_.pooled -= capacity;
  } else if ((data = Take(free_, capacity)) != nullptr) {
    statistics_.cached -= capacity;
  } else {
    if (held_ + statistics_.cached + statistics_.pooled + capacity > limit_) return {};
    data = SystemAllocate(capacity);
    if (data == nullptr) return {};
  }
  held_ += capacity;
  statistics_.live += bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.live);
  return {data, bytes, capacity};
}

void Allocator::Free(const Block& block, Pool* pool) {
  (pool != nullptr ? *pool : free_)[block.capacity].push_back(block.data);
  (pool != nullptr ? statistics_.pooled : statistics_.cached) += block.capacity;
  held_ -= block.capacity;
  statistics_.live -= block.bytes;
}

void Allocator::Dissolve(Pool& pool) {
  for (auto& [capacity, blocks] : pool) {
    statistics_.pooled -= capacity * blocks.size();
    statistics_.cached += capacity * blocks.size();
    std::vector<void*>& free = free_[capacity];
    free.insert(free.end(), blocks.begin(), blocks.end());
  }
  pool.clear();
}

void Allocator::Trim() {
  for (auto& [capacity, blocks] : free_) {
    for (void* data : blocks) std::free(data);
  }
  free_.clear();
  statistics_.cached = 0;
}

}  // namespace vitrine
