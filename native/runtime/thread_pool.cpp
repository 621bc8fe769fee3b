#include "runtime/thread_pool.h"

#include <algorithm>
#include <utility>

#include "runtime/denormals.h"
#include "runtime/priority.h"
#include "runtime/spin.h"

namespace vitrine {
namespace {
constexpr std::chrono::microseconds kSpin{300};
}

void ThreadPool::Share::Set(uint32_t begin, uint32_t end) {
  left.store(uint64_t{begin} << 32 | end, std::memory_order_release);
}

int64_t ThreadPool::Share::TakeFirst() {
  uint64_t now = left.load(std::memory_order_acquire);
  while (true) {
    const uint32_t begin = now >> 32, end = static_cast<uint32_t>(now);
    if (begin >= end) return -1;
    const uint64_t next = uint64_t{begin + 1} << 32 | end;
    if (left.compare_exchange_weak(now, next, std::memory_order_acq_rel)) return begin;
  }
}

int64_t ThreadPool::Share::TakeLast() {
  uint64_t now = left.load(std::memory_order_acquire);
  while (true) {
    const uint32_t begin = now >> 32, end = static_cast<uint32_t>(now);
    if (begin >= end) return -1;
    const uint64_t next = uint64_t{begin} << 32 | (end - 1);
    if (left.compare_exchange_weak(now, next, std::memory_order_acq_rel)) return end - 1;
  }
}

ThreadPool::ThreadPool(int threads) : shares_(std::make_unique<Share[]>(std::max(1, threads))) {
  workers_.reserve(std::max(1, threads) - 1);
  for (int worker = 1; worker < threads; ++worker) {
    try {
      workers_.emplace_back([this, worker] { Work(worker); });
    } catch (const std::exception&) {
      break;  // the system gives no more threads, or no memory for one: fewer do the same
    }
  }
  threads_ = static_cast<int>(workers_.size()) + 1;
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  ++wake_;
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t tiles, TileBody body) {
  // A share is two halves of a word; no op cuts its work so small that this loop has a second turn.
  constexpr int64_t kMostTiles = int64_t{1} << 31;
  for (int64_t first = 0; first < tiles; first += kMostTiles) {
    const auto rest = [&](int64_t tile, int worker) { body(first + tile, worker); };
    RunLoop(std::min(tiles - first, kMostTiles), first == 0 ? body : TileBody(rest));
  }
}

void ThreadPool::RunLoop(int64_t tiles, TileBody body) {
  if (tiles == 1 || workers_.empty()) {
    for (int64_t tile = 0; tile < tiles; ++tile) body(tile, 0);
    return;
  }
  body_ = body;
  unfinished_.store(static_cast<uint32_t>(tiles), std::memory_order_relaxed);
  for (int worker = 0; worker < threads(); ++worker) {
    shares_[worker].Set(tiles * worker / threads(), tiles * (worker + 1) / threads());
  }
  ++wake_;
  wake_.notify_all();
  RunTiles(0);
  auto finished = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
  while (!SpinUntil(kSpin, finished)) {
    const uint32_t left = unfinished_.load(std::memory_order_acquire);
    if (left != 0) unfinished_.wait(left, std::memory_order_acquire);
  }
  // Set before the tile that threw was reported as finished.
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadPool::RunTile(int64_t tile, int worker) noexcept {
  try {
    body_(tile, worker);
  } catch (...) {
    std::lock_guard lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

int64_t ThreadPool::Claim(int worker) {
  int64_t tile = shares_[worker].TakeFirst();
  for (int step = 1; tile < 0 && step < threads(); ++step) {
    tile = shares_[(worker + step) % threads()].TakeLast();
  }
  return tile;
}

void ThreadPool::RunTiles(int worker) {
  uint32_t finished = 0;
  for (int64_t tile = Claim(worker); tile >= 0; tile = Claim(worker)) {
    RunTile(tile, worker);
    ++finished;
  }
  if (finished == 0) return;
  unfinished_.fetch_sub(finished, std::memory_order_acq_rel);
  unfinished_.notify_one();
}

void ThreadPool::Work(int worker) {
  StandBack();
  FlushDenormals();
  while (true) {
    const uint32_t seen = wake_.load();
    if (stop_) return;  // asked after wake_ was read: what changes it later ends the wait below
    RunTiles(worker);
    auto woken = [&] { return wake_.load(std::memory_order_relaxed) != seen; };
    if (!SpinUntil(kSpin, woken)) wake_.wait(seen);
  }
}

}  // namespace vitrine
