#pragma once

#include <algorithm>
#include <cstdint>

namespace vitrine {

// A stream's two queues: what is ordinary does not wait for what stands in the background. Which
// command may stand where, and why no result depends on it, is argued at Stream.
enum class Lane : uint8_t { kOrdinary, kBackground };

enum class Access : uint8_t { kRead, kWrite };

// The last commands of the background that use a piece of memory, by their numbers in that lane.
struct BackgroundUse {
  uint64_t any = 0;
  uint64_t write = 0;

  // Whether a command that is enqueued now with this access has to run after one of the background,
  // of which the first `done` have run.
  bool HoldsUp(Access access, uint64_t done) const {
    return (access == Access::kWrite ? any : write) > done;
  }

  // Notes that a command uses the memory. Numbers grow, but for those of a block's earlier life.
  void Note(Access access, uint64_t command) {
    any = std::max(any, command);
    if (access == Access::kWrite) write = std::max(write, command);
  }
};

}  // namespace vitrine
