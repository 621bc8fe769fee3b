#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace vitrine {

// One tensor's memory, 64-byte aligned.
struct Block {
  void* data = nullptr;
  size_t bytes = 0;     // as asked for
  size_t capacity = 0;  // as held: bytes rounded up to a size class
  // The last command of the stream's background lane that uses the memory, by its number there.
  uint64_t background_use = 0;
};

// A stream-ordered caching allocator: a freed block may be handed out again at once, though
// commands that use it still wait on the stream, because whatever is enqueued for its next owner
// runs after them. Of a block that the background still uses, that owner would have to wait with
// it; so whoever must not wait says how far the background has come, and gets such a block only
// where no memory is left. Called by the stream's owner only.
class Allocator {
 public:
  struct Statistics {
    size_t live = 0;    // bytes in blocks handed out, as asked for
    size_t peak = 0;    // the highest that live has been
    size_t cached = 0;  // bytes held in free blocks
    size_t pooled = 0;  // bytes held in the free blocks of pools
  };

  // Free blocks set apart: what a captured step frees while it is captured is reused within it and
  // by nobody else, so that its commands can run again at the same addresses.
  struct FreeBlock {
    void* data;
    uint64_t background_use;
  };
  using Pool = std::map<size_t, std::vector<FreeBlock>>;

  // Stands for "blocks that the background uses are as good as others".
  static constexpr uint64_t kAll = ~uint64_t{0};

  explicit Allocator(uint64_t limit) : limit_(limit) {}
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  // A block of at least `bytes`, content undefined. With no memory left its data is null.
  // `drain` must return once no queued command uses a freed block: it is called before memory goes
  // back to the system. With a pool, its free blocks come first. Large blocks are cut from larger
  // ones: a step's gradients take the place of its activations. `done` counts the background's
  // commands that have run.
  template <class Drain>
  Block Allocate(size_t bytes, Drain drain, Pool* pool = nullptr, uint64_t done = kAll) {
    Block block = TryAllocate(bytes, pool, done);
    if (block.data == nullptr && done != kAll) block = TryAllocate(bytes, pool, kAll);
    if (block.data == nullptr && statistics_.cached > 0) {
      drain();
      Trim();
      block = TryAllocate(bytes, pool, kAll);
    }
    return block;
  }

  // With a pool, the block goes there.
  void Free(const Block& block, Pool* pool = nullptr);

  // Makes a pool's blocks anybody's; the background uses them up to its command `background_use`.
  void Dissolve(Pool& pool, uint64_t background_use = 0, uint64_t done = kAll);

  // Gives the free blocks back to the system; no queued command may use them.
  void Trim();

  const Statistics& statistics() const { return statistics_; }
  void ResetPeak() { statistics_.peak = statistics_.live; }
  uint64_t limit() const { return limit_; }

 private:
  Block TryAllocate(size_t bytes, Pool* pool, uint64_t done);
  // The functions below consider the blocks that the background has done with: `done` of its
  // commands have run.
  //
  // A piece of a larger block, after joining pieces if need be; null data if there is none.
  FreeBlock JoinAndCut(Pool& pool, size_t capacity, uint64_t done);
  static FreeBlock Take(Pool& pool, size_t capacity, uint64_t done);
  static FreeBlock TakeFrom(std::vector<FreeBlock>& blocks, uint64_t done);
  // A piece of the smallest larger block, the rest of which stays in the pool; null data if there
  // is none.
  FreeBlock Cut(Pool& pool, size_t capacity, uint64_t done);
  // Moves the pieces that are anybody's to the pool, where they find neighbours; false for none.
  bool Adopt(Pool& pool, uint64_t done);
  // Makes one block again of pieces that lie side by side.
  void Rejoin(Pool& pool, uint64_t done);
  // The block that was cut into this piece and others; cut_.end() if it is no piece.
  using Whole = std::map<char*, size_t>::const_iterator;
  Whole WholeOf(void* piece) const;

  uint64_t limit_;
  size_t held_ = 0;  // capacity of the blocks handed out
  Pool free_;
  std::map<char*, size_t> cut_;  // the blocks that were cut, with their capacity
  Statistics statistics_;
};

}  // namespace vitrine
