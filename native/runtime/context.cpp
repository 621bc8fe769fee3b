#include "runtime/context.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace vitrine {

void Context::Free::operator()(float* memory) const { std::free(memory); }

// Left to others where the system gives no more threads: libuv ends the process if it cannot have
// the four that read files.
constexpr int kSpareThreads = 6;

Context::Buffer Context::Allocate(size_t count) {
  if (count > (SIZE_MAX - 63) / sizeof(float)) throw std::bad_alloc();
  const size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return Buffer(static_cast<float*>(memory));
}

void Context::SetThreads(int threads) {
  auto pool = std::make_unique<ThreadPool>(threads);
  if (pool->threads() < threads) {
    const int fewer = std::max(1, pool->threads() - kSpareThreads);
    pool.reset();
    pool = std::make_unique<ThreadPool>(fewer);
  }
  std::vector<Buffer> scratch(pool->threads());
  pool_ = std::move(pool);
  scratch_ = std::move(scratch);
  scratch_count_ = 0;
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

void Context::ReserveScratch(size_t count) {
  if (count <= scratch_count_) return;
  scratch_count_ = 0;
  for (Buffer& buffer : scratch_) {
    buffer.reset();
    buffer = Allocate(count);
  }
  scratch_count_ = count;
}

float* Context::SharedScratch(size_t count) {
  if (count > shared_count_) {
    shared_count_ = 0;
    shared_.reset();
    shared_ = Allocate(count);
    shared_count_ = count;
  }
  return shared_.get();
}

size_t Context::scratch_bytes() const {
  return (scratch_count_ * scratch_.size() + shared_count_) * sizeof(float);
}

void Context::Fail(std::string message, uint32_t site) {
  if (!fault_) fault_ = Fault{std::move(message), site};
}

std::optional<Fault> Context::TakeFault() { return std::exchange(fault_, std::nullopt); }

}  // namespace vitrine
