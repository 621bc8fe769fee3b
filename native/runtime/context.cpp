#include "runtime/context.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "runtime/tiles.h"

namespace vitrine {

// Left to others where the system gives no more threads: libuv ends the process if it cannot have
// the four that read files.
constexpr int kSpareThreads = 6;

void Context::SetThreads(int threads) {
  const auto make = [this](int count) {
    return std::make_unique<ThreadPool>(
        count, [this, count](int worker) { placement_.Place(worker, count); });
  };
  auto pool = make(threads);
  if (pool->threads() < threads) {
    const int fewer = std::max(1, pool->threads() - kSpareThreads);
    pool.reset();
    pool = make(fewer);
  }
  ScratchMemory scratch(pool->threads()), product_scratch(pool->threads());
  pool_ = std::move(pool);
  scratch_ = std::move(scratch);
  product_scratch_ = std::move(product_scratch);
}

void Context::Run(Command& command) {
  if (!trace_.on()) return command.Run(*this);
  running_ = command.name();
  const double start = TraceClock();
  command.Run(*this);
  trace_.Add({command.name(), 0, start, TraceClock()});
}

void Context::ParallelFor(int64_t tiles, TileBody body) {
  if (!trace_.on()) return pool_->ParallelFor(tiles, body);
  const auto of_range = [&](int64_t, int64_t tile, int worker) { body(tile, worker); };
  ParallelFor({&tiles, 1}, of_range);
}

void Context::ParallelFor(std::span<const int64_t> ranges, RangeBody body) {
  if (!trace_.on()) return RunRanges(ranges, body);
  // The leader's tiles lie within its command's span; the others' are spans of their own.
  const int64_t loop = trace_.tiles() ? trace_.NextLoop() : -1;
  RunRanges(ranges, [&](int64_t range, int64_t tile, int worker) {
    const double start = TraceClock();
    body(range, tile, worker);
    if (worker != 0 || loop >= 0)
      trace_.Add({running_, worker, start, TraceClock(), loop, range, tile});
  });
}

void Context::RunRanges(std::span<const int64_t> ranges, RangeBody body) {
  if (ranges.size() == 1)
    return pool_->ParallelFor(ranges[0], [&](int64_t tile, int worker) { body(0, tile, worker); });
  const int64_t workers = threads();
  const auto begin = [&](int64_t worker) {
    int64_t tiles = 0;
    for (const int64_t range : ranges) tiles += FirstOfShare(range, worker, workers);
    return tiles;
  };
  const int64_t sum = begin(workers);
  pool_->ParallelFor(sum, [&](int64_t index, int worker) {
    int64_t share = index * workers / sum;
    while (begin(share + 1) <= index) ++share;
    while (begin(share) > index) --share;
    int64_t left = index - begin(share);
    for (size_t range = 0; range < ranges.size(); ++range) {
      const int64_t first = FirstOfShare(ranges[range], share, workers);
      const int64_t mine = FirstOfShare(ranges[range], share + 1, workers) - first;
      if (left < mine) return body(static_cast<int64_t>(range), first + left, worker);
      left -= mine;
    }
  });
}

void Context::Fail(std::string message, uint32_t site) {
  if (!fault_) fault_ = Fault{std::move(message), site};
}

std::optional<Fault> Context::TakeFault() { return std::exchange(fault_, std::nullopt); }

}  // namespace vitrine
