#include "runtime/allocator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
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

// A block that the background uses up to its command 5 is free, and more are when memory is short.
void AllocatorSparesWhoeverMustNotWait() {
  constexpr size_t kMega = size_t{1} << 20;
  Allocator allocator(16 * kMega);
  int drains = 0;
  auto drain = [&drains] { ++drains; };
  Block used = allocator.Allocate(4 * kMega, drain);
  used.background_use = 5;
  allocator.Free(used);

  const Block other = allocator.Allocate(4 * kMega, drain, nullptr, 4);
  Expect(other.data != used.data && other.background_use == 0, "a block that nobody uses");
  allocator.Free(other);
  const Block again = allocator.Allocate(4 * kMega, drain, nullptr, 4);
  Expect(again.data == other.data, "found behind one that the background uses");
  const Block piece = allocator.Allocate(1 * kMega, drain);
  Expect(piece.data == used.data && piece.background_use == 5,
         "whoever waits with the background takes a piece of it");
  const Block later = allocator.Allocate(3 * kMega, drain, nullptr, 5);
  Expect(static_cast<char*>(later.data) == static_cast<char*>(used.data) + piece.capacity,
         "and so does anybody, once the background has done with it");

  allocator.Free(later);
  allocator.Free(piece);
  const Block short_of = allocator.Allocate(10 * kMega, drain, nullptr, 4);
  Expect(short_of.data == nullptr || drains == 1, "what the background uses is given back last");
  if (short_of.data != nullptr) allocator.Free(short_of);
  allocator.Free(again);
}

void AllocatorJoinsWhatIsOfUse() {
  constexpr size_t kMega = size_t{1} << 20;
  Allocator allocator(64 * kMega);
  auto no_drain = [] {};
  const Block whole = allocator.Allocate(8 * kMega, no_drain);
  allocator.Free(whole);
  Block pieces[4];
  for (Block& piece : pieces) piece = allocator.Allocate(2 * kMega, no_drain);
  auto* begin = static_cast<char*>(whole.data);
  std::sort(std::begin(pieces), std::end(pieces),
            [](const Block& a, const Block& b) { return a.data < b.data; });
  pieces[2].background_use = 7;
  for (const Block& piece : pieces) allocator.Free(piece);

  const Block first = allocator.Allocate(4 * kMega, no_drain, nullptr, 6);
  Expect(first.data == begin, "two pieces that nobody uses are joined");
  const Block second = allocator.Allocate(4 * kMega, no_drain, nullptr, 6);
  Expect(static_cast<char*>(second.data) < begin ||
             static_cast<char*>(second.data) >= begin + whole.capacity,
         "and not with one that the background uses");
  const Block third = allocator.Allocate(4 * kMega, no_drain);
  Expect(third.data == begin + 4 * kMega && third.background_use == 7,
         "but for the background they are, and are used as long as any of them");
  for (const Block& block : {first, second, third}) allocator.Free(block);

  // A captured step's memory is used up to its last replay.
  Allocator::Pool pool;
  const Block captured = allocator.Allocate(16 * kMega, no_drain, &pool);
  allocator.Free(captured, &pool);
  allocator.Dissolve(pool, 9, 8);
  const Block apart = allocator.Allocate(16 * kMega, no_drain, nullptr, 8);
  const Block same = allocator.Allocate(16 * kMega, no_drain, nullptr, 9);
  Expect(apart.data != captured.data && same.data == captured.data,
         "what a graph has used is free when its last replay has run");
  allocator.Free(apart);
  allocator.Free(same);
}

constexpr Test kTests[] = {
    {"the allocator counts, aligns and reuses", AllocatorCountsAlignsAndReuses},
    {"the allocator drains before it gives back", AllocatorDrainsBeforeItGivesBack},
    {"the allocator cuts large blocks and joins the pieces", AllocatorCutsAndRejoins},
    {"the allocator spares whoever must not wait the background's blocks",
     AllocatorSparesWhoeverMustNotWait},
    {"the allocator joins what is of use to the same", AllocatorJoinsWhatIsOfUse},
};

}  // namespace

std::span<const Test> AllocatorTests() { return kTests; }

}  // namespace vitrine
