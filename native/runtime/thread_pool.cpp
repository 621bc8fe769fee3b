#include "runtime/thread_pool.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/denormals.h"
#include "runtime/placement.h"
#include "runtime/priority.h"
#include "runtime/spin.h"
#include "runtime/tiles.h"

namespace vitrine {
namespace {

constexpr std::chrono::microseconds kSpin{300};

// Of a share's word: the tiles' end is its lower half, their begin the upper one without this bit.
constexpr uint64_t kToHandOn = uint64_t{1} << 63;
constexpr uint64_t kOneAtTheFront = uint64_t{1} << 32;

uint32_t BeginOf(uint64_t word) { return static_cast<uint32_t>((word & ~kToHandOn) >> 32); }
uint32_t EndOf(uint64_t word) { return static_cast<uint32_t>(word); }

}  // namespace

void ThreadPool::Share::Set(Tiles tiles, bool to_hand_on) {
  const uint64_t word = uint64_t{tiles.begin} << 32 | tiles.end;
  left.store(to_hand_on ? word | kToHandOn : word, std::memory_order_release);
}

void ThreadPool::Share::Wake() {
  ++wake;  // in one order with the count of those that sleep, which notify_one reads
  wake.notify_one();
}

bool ThreadPool::Share::IsToHandOn() const {
  return (left.load(std::memory_order_acquire) & kToHandOn) != 0;
}

ThreadPool::Tiles ThreadPool::Share::TakeAll() {
  const uint64_t word = left.exchange(0, std::memory_order_acq_rel);
  return {BeginOf(word), std::max(BeginOf(word), EndOf(word))};
}

int64_t ThreadPool::Share::TakeFirst() {
  uint64_t now = left.load(std::memory_order_acquire);
  while (BeginOf(now) < EndOf(now)) {
    if (left.compare_exchange_weak(now, now + kOneAtTheFront, std::memory_order_acq_rel))
      return BeginOf(now);
  }
  return -1;
}

int64_t ThreadPool::Share::TakeLast() {
  uint64_t now = left.load(std::memory_order_acquire);
  while (BeginOf(now) < EndOf(now)) {
    if (left.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel)) return EndOf(now) - 1;
  }
  return -1;
}

ThreadPool::ThreadPool(int threads, std::function<void(int)> begin)
    : shares_(std::make_unique<Share[]>(std::max(1, threads))),
      begin_(std::move(begin)),
      spin_(SpinBeside(kSpin, threads, static_cast<int>(ThisProcess().allowed.size()))) {
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
  for (int worker = 1; worker < threads(); ++worker) shares_[worker].Wake();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t tiles, TileBody body) {
  // A share is two parts of a word; no op cuts its work so small that this loop has a second turn.
  constexpr int64_t kMostTiles = int64_t{1} << 30;
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
  shares_[0].Set(HandOn(0, {0, static_cast<uint32_t>(tiles)}), false);
  RunTiles(0);
  auto finished = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
  while (!SpinUntil(spin_, finished)) {
    const uint32_t left = unfinished_.load(std::memory_order_acquire);
    if (left != 0) unfinished_.wait(left, std::memory_order_acquire);
  }
  // Set before the tile that threw was reported as finished.
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

int ThreadPool::Below(int worker) const {
  const auto all = static_cast<unsigned>(threads());
  if (worker == 0) return static_cast<int>(all);
  const unsigned whole = 1U << std::countr_zero(static_cast<unsigned>(worker));
  return static_cast<int>(std::min(whole, all - static_cast<unsigned>(worker)));
}

ThreadPool::Tiles ThreadPool::HandOn(int worker, Tiles tiles) {
  int below = Below(worker);
  while (below > 1) {
    const int half = static_cast<int>(std::bit_ceil(static_cast<unsigned>(below)) / 2);
    const auto middle =
        tiles.begin + static_cast<uint32_t>(FirstOfShare(tiles.count(), half, below));
    if (middle < tiles.end) {
      Share& other = shares_[worker + half];
      other.Set({middle, tiles.end}, below - half > 1);
      other.Wake();
      tiles.end = middle;
    }
    below = half;
  }
  return tiles;
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
  Share& own = shares_[worker];
  if (own.IsToHandOn()) {
    // With a tile in its hands the loop cannot end, and nobody else fills the share; with none,
    // its parent may do so at any time.
    const Tiles tiles = own.TakeAll();
    if (tiles.count() > 0) own.Set(HandOn(worker, tiles), false);
  }
  const int64_t tile = own.TakeFirst();
  return tile >= 0 ? tile : ClaimFromOthers(worker);
}

int64_t ThreadPool::ClaimFromOthers(int worker) {
  // The end of a loop is no time to read a line of everyone's.
  constexpr int kAtOnce = 8;
  for (int step = 1; step < threads(); ++step) {
    const int64_t tile = shares_[(worker + step) % threads()].TakeLast();
    if (tile >= 0) return tile;
    if (step % kAtOnce == 0 && unfinished_.load(std::memory_order_relaxed) == 0) break;
  }
  return -1;
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
  if (begin_) begin_(worker);
  Share& own = shares_[worker];
  while (true) {
    const uint32_t seen = own.wake.load();
    if (stop_) return;  // asked after wake was read: what changes it later ends the wait below
    RunTiles(worker);
    auto woken = [&] { return own.wake.load(std::memory_order_relaxed) != seen; };
    if (!SpinUntil(spin_, woken)) own.wake.wait(seen);
  }
}

}  // namespace vitrine
