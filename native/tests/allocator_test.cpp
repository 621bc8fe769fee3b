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

constexpr Test kTests[] = {
    {"the allocator counts, aligns and reuses", AllocatorCountsAlignsAndReuses},
    {"the allocator drains before it gives back", AllocatorDrainsBeforeItGivesBack},
};

}  // namespace

std::span<const Test> AllocatorTests() { return kTests; }

}  // namespace vitrine
