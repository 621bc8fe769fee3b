#include "runtime/allocator.h"

#include <algorithm>
#include <bit>

#include "runtime/aligned_memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
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

// Huge pages spare GEMM most of its TLB misses; small blocks would waste them.
bool IsHuge(size_t capacity) { return capacity >= 2 * kHugePage; }

#if defined(__linux__)
// Bytes of the pages that nobody else has a part of. They are kept from children: Node.js starts
// those by fork(), which copies the tables of all pages, and write-protects them.
size_t WholePages(size_t capacity) {
  static const auto page = static_cast<size_t>(sysconf(_SC_PAGE_SIZE));
  return capacity / page * page;
}
#endif

void* SystemAllocate(size_t capacity) {
  const bool huge = IsHuge(capacity);
  void* const data = AlignedAllocate(huge ? kHugePage : kAlignment, capacity);
#if defined(__linux__)
  if (huge && data != nullptr) {
    madvise(data, capacity, MADV_HUGEPAGE);
    madvise(data, WholePages(capacity), MADV_DONTFORK);
  }
#endif
  return data;
}

void SystemFree(void* data, [[maybe_unused]] size_t capacity) {
#if defined(__linux__)
  // What malloc makes of it next may be for a child.
  if (IsHuge(capacity)) madvise(data, WholePages(capacity), MADV_DOFORK);
#endif
  AlignedFree(data);
}

}  // namespace

Allocator::~Allocator() { Trim(); }

Allocator::FreeBlock Allocator::JoinAndCut(Pool& pool, size_t capacity, uint64_t done) {
  if (const FreeBlock piece = Cut(pool, capacity, done); piece.data != nullptr) return piece;
  Rejoin(pool, done);
  if (const FreeBlock whole = Take(pool, capacity, done); whole.data != nullptr) return whole;
  return Cut(pool, capacity, done);
}

Allocator::FreeBlock Allocator::TakeFrom(std::vector<FreeBlock>& blocks, uint64_t done) {
  // The newest first; where nothing runs in the background, it is the first one looked at.
  for (size_t i = blocks.size(); i-- > 0;) {
    if (blocks[i].background_use > done) continue;
    const FreeBlock taken = blocks[i];
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(i));
    return taken;
  }
  return {};
}

Allocator::FreeBlock Allocator::Take(Pool& pool, size_t capacity, uint64_t done) {
  const auto found = pool.find(capacity);
  return found == pool.end() ? FreeBlock{} : TakeFrom(found->second, done);
}

Allocator::Whole Allocator::WholeOf(void* piece) const {
  auto* data = static_cast<char*>(piece);
  auto whole = cut_.upper_bound(data);
  if (whole == cut_.begin()) return cut_.end();
  --whole;
  return data < whole->first + whole->second ? whole : cut_.end();
}

Allocator::FreeBlock Allocator::Cut(Pool& pool, size_t capacity, uint64_t done) {
  for (auto larger = pool.upper_bound(capacity); larger != pool.end(); ++larger) {
    const FreeBlock block = TakeFrom(larger->second, done);
    if (block.data == nullptr) continue;
    const size_t whole = larger->first;
    auto* data = static_cast<char*>(block.data);
    if (WholeOf(data) == cut_.end()) cut_.emplace(data, whole);
    pool[whole - capacity].push_back({data + capacity, block.background_use});
    return block;
  }
  return {};
}

Block Allocator::TryAllocate(size_t bytes, Pool* pool, uint64_t done) {
  if (bytes > limit_) return {};
  const size_t capacity = SizeClass(bytes);
  // Blocks of that size first, lest larger ones be cut that will be wanted whole.
  FreeBlock free = pool != nullptr ? Take(*pool, capacity, done) : FreeBlock{};
  bool from_pool = free.data != nullptr;
  if (free.data == nullptr) free = Take(free_, capacity, done);
  if (free.data == nullptr && capacity >= kLeastCut) {
    if (pool != nullptr) free = JoinAndCut(*pool, capacity, done);
    if (free.data == nullptr && pool != nullptr && Adopt(*pool, done))
      free = JoinAndCut(*pool, capacity, done);
    from_pool = free.data != nullptr;
    if (free.data == nullptr) free = JoinAndCut(free_, capacity, done);
  }
  if (free.data != nullptr) {
    (from_pool ? statistics_.pooled : statistics_.cached) -= capacity;
  } else {
    if (held_ + statistics_.cached + statistics_.pooled + capacity > limit_) return {};
    free.data = SystemAllocate(capacity);
    if (free.data == nullptr) return {};
  }
  held_ += capacity;
  statistics_.live += bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.live);
  return {free.data, bytes, capacity, free.background_use};
}

void Allocator::Free(const Block& block, Pool* pool) {
  (pool != nullptr ? *pool : free_)[block.capacity].push_back({block.data, block.background_use});
  (pool != nullptr ? statistics_.pooled : statistics_.cached) += block.capacity;
  held_ -= block.capacity;
  statistics_.live -= block.bytes;
}

void Allocator::Dissolve(Pool& pool, uint64_t background_use, uint64_t done) {
  for (auto& [capacity, blocks] : pool) {
    statistics_.pooled -= capacity * blocks.size();
    statistics_.cached += capacity * blocks.size();
    std::vector<FreeBlock>& free = free_[capacity];
    for (const FreeBlock& block : blocks)
      free.push_back({block.data, std::max(block.background_use, background_use)});
  }
  pool.clear();
  Rejoin(free_, done);
}

bool Allocator::Adopt(Pool& pool, uint64_t done) {
  size_t adopted = 0;
  for (auto& [capacity, blocks] : free_) {
    std::erase_if(blocks, [&, bytes = capacity](const FreeBlock& block) {
      if (block.background_use > done || WholeOf(block.data) == cut_.end()) return false;
      pool[bytes].push_back(block);
      adopted += bytes;
      return true;
    });
  }
  statistics_.cached -= adopted;
  statistics_.pooled += adopted;
  return adopted > 0;
}

void Allocator::Rejoin(Pool& pool, uint64_t done) {
  if (cut_.empty()) return;
  struct Piece {
    size_t bytes;
    uint64_t background_use;
  };
  std::map<char*, Piece> pieces;  // in the order of their addresses
  for (auto& [capacity, blocks] : pool) {
    std::erase_if(blocks, [&, bytes = capacity](const FreeBlock& block) {
      // Joined with one that the background uses, a piece would be of no use to others meanwhile.
      if (block.background_use > done || WholeOf(block.data) == cut_.end()) return false;
      pieces.emplace(static_cast<char*>(block.data), Piece{bytes, block.background_use});
      return true;
    });
  }
  for (auto piece = pieces.begin(); piece != pieces.end();) {
    const auto [data, first] = *piece;
    const auto whole = WholeOf(data);
    auto [bytes, background_use] = first;
    ++piece;
    while (piece != pieces.end() && piece->first == data + bytes &&
           piece->first < whole->first + whole->second) {
      bytes += piece->second.bytes;
      background_use = std::max(background_use, piece->second.background_use);
      ++piece;
    }
    if (bytes == whole->second) cut_.erase(whole);
    pool[bytes].push_back({data, background_use});
  }
}

void Allocator::Trim() {
  Rejoin(free_, kAll);
  for (auto& [capacity, blocks] : free_) {
    // What is left of a block that was cut goes when all of it may.
    std::erase_if(blocks, [&, bytes = capacity](const FreeBlock& block) {
      if (WholeOf(block.data) != cut_.end()) return false;
      SystemFree(block.data, bytes);
      statistics_.cached -= bytes;
      return true;
    });
  }
  std::erase_if(free_, [](const auto& item) { return item.second.empty(); });
}

}  // namespace vitrine
