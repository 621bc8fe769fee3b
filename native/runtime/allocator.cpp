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
// Smaller blocks are not worth the pieces.
constexpr size_t kLeastCut = size_t{1} << 20;

// Eight classes a doubling: at most 12.5% is wasted, and tensors of nearly one size share blocks.
// Of blocks that are cut to measure, 64.
size_t SizeClass(size_t bytes) {
  bytes = std::max(bytes, kAlignment);
  const size_t classes = bytes < kLeastCut ? 8 : 64;
  const size_t step = std::max(kAlignment, std::bit_floor(bytes) / classes);
  return (bytes + step - 1) / step * step;
}

void* SystemAllocate(size_t capacity) {
  // Huge pages spare GEMM most of its TLB misses; small blocks would waste them.
  const bool huge = capacity >= 2 * kHugePage;
  void* data = nullptr;
  if (posix_memalign(&data, huge ? kHugePage : kAlignment, capacity) != 0) return nullptr;
#if defined(__linux__)
  if (huge) madvise(data, capacity, MADV_HUGEPAGE);
#endif
  return data;
}

}  // namespace

Allocator::~Allocator() { Trim(); }

void* Allocator::JoinAndCut(Pool& pool, size_t capacity) {
  if (void* data = Cut(pool, capacity)) return data;
  Rejoin(pool);
  if (void* data = Take(pool, capacity)) return data;
  return Cut(pool, capacity);
}

void* Allocator::Take(Pool& pool, size_t capacity) {
  const auto found = pool.find(capacity);
  if (found == pool.end() || found->second.empty()) return nullptr;
  void* data = found->second.back();
  found->second.pop_back();
  return data;
}

Allocator::Whole Allocator::WholeOf(void* piece) const {
  auto* data = static_cast<char*>(piece);
  auto whole = cut_.upper_bound(data);
  if (whole == cut_.begin()) return cut_.end();
  --whole;
  return data < whole->first + whole->second ? whole : cut_.end();
}

void* Allocator::Cut(Pool& pool, size_t capacity) {
  auto larger = pool.upper_bound(capacity);
  while (larger != pool.end() && larger->second.empty()) ++larger;
  if (larger == pool.end()) return nullptr;
  const size_t whole = larger->first;
  auto* data = static_cast<char*>(larger->second.back());
  larger->second.pop_back();
  if (WholeOf(data) == cut_.end()) cut_.emplace(data, whole);
  pool[whole - capacity].push_back(data + capacity);
  return data;
}

Block Allocator::TryAllocate(size_t bytes, Pool* pool) {
  if (bytes > limit_) return {};
  const size_t capacity = SizeClass(bytes);
  // Blocks of that size first, lest larger ones be cut that will be wanted whole.
  void* data = pool != nullptr ? Take(*pool, capacity) : nullptr;
  bool from_pool = data != nullptr;
  if (data == nullptr) data = Take(free_, capacity);
  if (data == nullptr && capacity >= kLeastCut) {
    if (pool != nullptr) data = JoinAndCut(*pool, capacity);
    if (data == nullptr && pool != nullptr && Adopt(*pool)) data = JoinAndCut(*pool, capacity);
    from_pool = data != nullptr;
    if (data == nullptr) data = JoinAndCut(free_, capacity);
  }
  if (data != nullptr) {
    (from_pool ? statistics_.pooled : statistics_.cached) -= capacity;
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
  Rejoin(free_);
}

bool Allocator::Adopt(Pool& pool) {
  size_t adopted = 0;
  for (auto& [capacity, blocks] : free_) {
    std::erase_if(blocks, [&, bytes = capacity](void* data) {
      if (WholeOf(data) == cut_.end()) return false;
      pool[bytes].push_back(data);
      adopted += bytes;
      return true;
    });
  }
  statistics_.cached -= adopted;
  statistics_.pooled += adopted;
  return adopted > 0;
}

void Allocator::Rejoin(Pool& pool) {
  if (cut_.empty()) return;
  std::map<char*, size_t> pieces;  // in the order of their addresses
  for (auto& [capacity, blocks] : pool) {
    std::erase_if(blocks, [&, bytes = capacity](void* data) {
      if (WholeOf(data) == cut_.end()) return false;
      pieces.emplace(static_cast<char*>(data), bytes);
      return true;
    });
  }
  for (auto piece = pieces.begin(); piece != pieces.end();) {
    const auto [data, first] = *piece;
    const auto whole = WholeOf(data);
    size_t bytes = first;
    ++piece;
    while (piece != pieces.end() && piece->first == data + bytes &&
           piece->first < whole->first + whole->second) {
      bytes += piece->second;
      ++piece;
    }
    if (bytes == whole->second) cut_.erase(whole);
    pool[bytes].push_back(data);
  }
}

void Allocator::Trim() {
  Rejoin(free_);
  for (auto& [capacity, blocks] : free_) {
    // What is left of a block that was cut goes when all of it may.
    std::erase_if(blocks, [&, bytes = capacity](void* data) {
      if (WholeOf(data) != cut_.end()) return false;
      std::free(data);
      statistics_.cached -= bytes;
      return true;
    });
  }
  std::erase_if(free_, [](const auto& item) { return item.second.empty(); });
}

}  // namespace vitrine
