#include "runtime/thread_pool.h"

#include <system_error>

#include "runtime/priority.h"
#include "runtime/spin.h"

namespace vitrine {
namespace {
constexpr std::chrono::microseconds kSpin{300};
}

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(threads - 1);
  for (int worker = 1; worker < threads; ++worker) {
    try {
      workers_.emplace_back([this, worker] { Work(worker); });
    } catch (const std::system_error&) {
      break;  // the system gives no more threads: fewer do the same
    }
  }
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  ++wake_;
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t tiles, TileBody body) {
  if (tiles <= 0) return;
  if (tiles == 1 || workers_.empty()) {
    for (int64_t tile = 0; tile < tiles; ++tile) body(tile, 0);
    return;
  }
  body_ = body;
  tiles_ = tiles;
  unfinished_.store(tiles, std::memory_order_relaxed);
  unclaimed_.store(tiles, std::memory_order_release);
  ++wake_;
  wake_.notify_all();
  while (RunOneTile(0)) {
  }
  auto finished = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
  while (!SpinUntil(kSpin, finished)) {
    const int64_t left = unfinished_.load(std::memory_order_acquire);
    if (left != 0) unfinished_.wait(left, std::memory_order_acquire);
  }
}

bool ThreadPool::RunOneTile(int worker) {
  int64_t left = unclaimed_.load(std::memory_order_acquire);
  while (left > 0 && !unclaimed_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) {
  }
  if (left <= 0) return false;
  body_(tiles_ - left, worker);
  unfinished_.fetch_sub(1, std::memory_order_acq_rel);
  unfinished_.notify_one();
  return true;
}

void ThreadPool::Work(int worker) {
  StandBack();
  while (!stop_) {
    const uint32_t seen = wake_.load();
    while (RunOneTile(worker)) {
    }
    auto woken = [&] { return wake_.load(std::memory_order_relaxed) != seen; };
    if (!SpinUntil(kSpin, woken)) wake_.wait(seen);
  }
}

}  // namespace vitrine
