#include "runtime/context.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace vitrine {

// Left to others where the system gives no more threads: libuv ends the process if it cannot have
// the four that read files.
constexpr int kSpareThreads = 6;

void Context::SetThreads(int threads) {
  auto pool = std::make_unique<ThreadPool>(threads);
  if (pool->threads() < threads) {
    const int fewer = std::max(1, pool->threads() - kSpareThreads);
    pool.reset();
    pool = std::make_unique<ThreadPool>(fewer);
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
  // The leader's tiles lie within its command's span; the others' are spans of their own.
  pool_->ParallelFor(tiles, [&](int64_t tile, int worker) {
    const double start = TraceClock();
    body(tile, worker);
    if (worker != 0) trace_.Add({running_, worker, start, TraceClock()});
  });
}

void Context::Fail(std::string message, uint32_t site) {
  if (!fault_) fault_ = Fault{std::move(message), site};
}

std::optional<Fault> Context::TakeFault() { return std::exchange(fault_, std::nullopt); }

}  // namespace vitrine
