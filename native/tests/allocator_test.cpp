#include "runtime/allocator.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/harness.h"

namespace vitrine {
namespace {

void AllocatorCountsAlignsAndReuses() {
  Allocator allocator(uint64_t{64} << 20);
  auto no_drain = [] {};
  const Block a = allocator.Allocate(1000, no_drain);
  Expect(a.data != nullptr && reinterpret_cast<uintptr_t>(a.data) % 64 == 0,
         "a block is aligned to 64 bytes");
  std::memset(a.data, 1, a.bytes);
  Expect(allocator.statistics().live == 1000 && allocator.statistics().peak == 1000,
         "live bytes are counted");
  allocator.Free(a);
  Expect(allocator.statistics().live == 0 && allocator.statistics().cached > 0,
         "a freed block is kept");
  const Block b = allocator.Allocate(1000, no_drain);
  Expect(b.data == a.data, "a freed block is handed out again");
  allocator.ResetPeak();
  allocator.Free(b);
  Expect(allocator.statistics().peak == 1000, "peak starts from what was live");
  allocator.Trim();
  Expect(allocator.statistics().cached == 0, "Trim gives the free blocks back");

  const Block too_big = allocator.Allocate(size_t{1} << 40, no_drain);
  Expect(too_big.data == nullptr, "more than the limit is refused");
}

void AllocatorDrainsBeforeItGivesBack() {
  Allocator allocator(size_t{1} << 20);
  int drains = 0;
  auto drain = [&drains] { ++drains; };
  std::vector<Block> small;
  for (int i = 0; i < 12; ++i) small.push_back(allocator.Allocate(64 << 10, drain));
  for (const Block& block : small) {
    Expect(block.data != nullptr, "a block within the limit");
    allocator.Free(block);
  }
  const Block big = allocator.Allocate(768 << 10, drain);
  Expect(big.data != nullptr, "free blocks make way for a larger one");
  Expect(drains <= 1, "the stream is drained once at most");
  allocator.Free(big);
}

void AllocatorCutsAndRejoins() {
  Allocator allocator(uint64_t{64} << 20);
  constexpr size_t kMega = size_t{1} << 20;
  int drains = 0;
  auto drain = [&drains] { ++drains; };
  Allocator::Pool pool;
  const Block whole = allocator.Allocate(12 * kMega, drain, &pool);
  allocator.Free(whole, &pool);
  std::vector<Block> pieces;
  for (size_t mega : {5, 4, 3}) pieces.push_back(allocator.Allocate(mega * kMega, drain, &pool));
  Expect(allocator.statistics().pooled == 0, "pieces of a block fill it");
  auto* begin = static_cast<char*>(whole.data);
  for (const Block& piece : pieces) {
    auto* data = static_cast<char*>(piece.data);
    Expect(data >= begin && data + piece.bytes <= begin + whole.bytes, "a piece is within");
    std::memset(piece.data, 1, piece.bytes);
  }

  // Two neighbours, one of the pool's and one of everybody's, make room for a capture.
  allocator.Free(pieces[0], &pool);
  allocator.Free(pieces[1]);
  const Block joined = allocator.Allocate(9 * kMega, drain, &pool);
  Expect(joined.data == whole.data, "neighbours are joined");
  Expect(allocator.statistics().cached == 0 && allocator.statistics().pooled == 0,
         "and counted where they are");

  allocator.Free(pieces[2]);
  allocator.Trim();
  Expect(allocator.statistics().cached == pieces[2].capacity, "a block in use is not given back");
  allocator.Free(joined, &pool);
  allocator.Dissolve(pool);
  allocator.Trim();
  Expect(allocator.statistics().cached == 0, "all of it is, when all of it is free");
  Expect(allocator.statistics().live == 0 && drains == 0, "nothing is left, nothing was drained");
}

constexpr Test kTests[] = {
    {"the allocator counts, aligns and reuses", AllocatorCountsAlignsAndReuses},
    {"the allocator drains before it gives back", AllocatorDrainsBeforeItGivesBack},
    {"the allocator cuts large blocks and joins the pieces", AllocatorCutsAndRejoins},
};

}  // namespace

std::span<const Test> AllocatorTests() { return kTests; }

}  // namespace vitrine
