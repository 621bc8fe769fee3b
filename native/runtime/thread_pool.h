#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace vitrine {

// A borrowed callable: two words, no allocation. The callee must outlive the call.
class TileBody {
 public:
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, TileBody>)
      TileBody(const F& f)  // NOLINT: implicit by design, as in std::function_ref
      : object_(&f), call_([](const void* object, int64_t tile, int worker) {
          (*static_cast<const F*>(object))(tile, worker);
        }) {}
  TileBody() = default;

  void operator()(int64_t tile, int worker) const { call_(object_, tile, worker); }

 private:
  const void* object_ = nullptr;
  void (*call_)(const void*, int64_t, int) = nullptr;
};

// The leader's helpers. The thread that calls ParallelFor works too, as worker 0, so a pool of n
// threads owns n - 1.
//
// A loop's tiles go out along a tree. The leader hands half of them to the worker in the middle, a
// quarter to the one before that, and so on, and whoever is handed tiles hands on its workers'
// parts likewise before it takes one: log(threads) steps, and no thread is woken for nothing.
class ThreadPool {
 public:
  // Each helper calls begin(worker) on its own thread before it works.
  explicit ThreadPool(int threads, std::function<void(int)> begin = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_.load(std::memory_order_relaxed); }

  // Calls body(tile, worker) once for each tile in [0, tiles), and returns when all are done. What
  // the body throws, the first of it, is thrown again here once all other tiles are done. Only one
  // thread, the leader, may call it.
  //
  // Any worker may run any tile, but each begins with its share of them, the same part of every
  // loop (FirstOfShare), and helps the others when that is done: where tile i of one loop writes
  // what tile i of the next reads, it finds it in its own core's cache. Where two cores share no
  // cache, reading what the other wrote is as slow as memory (37 GB/s against 110 to 225, two cores
  // of a Zen 5).
  void ParallelFor(int64_t tiles, TileBody body);

 private:
  // Tiles [begin, end).
  struct Tiles {
    uint32_t begin, end;
    uint32_t count() const { return end - begin; }
  };

  // What a worker has been handed, a cache line each.
  //
  // A tile is in one place at any time: in a share, or in the hands of whoever took it out, and a
  // loop with an unfinished tile cannot end. So body_ is stable from the taking of a tile to its
  // report. Only one thread fills a worker's share, its parent in the tree, which does so once a
  // loop at most, and finds it empty: what filled it in the loop before has ended with that.
  struct alignas(64) Share {
    // Tiles that nobody has taken, in one word, so that both ends can be moved at once; and whether
    // parts of them are for the workers below in the tree, as yet.
    std::atomic<uint64_t> left{0};
    // Changes when there is something new. 32 bits, because libstdc++ waits for other sizes through
    // a counter that all share.
    std::atomic<uint32_t> wake{0};

    void Set(Tiles tiles, bool to_hand_on);
    void Wake();
    bool IsToHandOn() const;
    // All of them.
    Tiles TakeAll();
    // The next tile, or -1: its owner's from the front, others' from the back.
    int64_t TakeFirst();
    int64_t TakeLast();
  };

  // The same for fewer than 2^31 tiles.
  void RunLoop(int64_t tiles, TileBody body);
  void Work(int worker);
  void RunTile(int64_t tile, int worker) noexcept;
  // Runs tiles until there is none left to take.
  void RunTiles(int worker);
  int64_t Claim(int worker);
  int64_t ClaimFromOthers(int worker);
  // How many workers, itself the first, are below one in the tree.
  int Below(int worker) const;
  // Fills the shares of the workers below, and wakes those that get any; gives what is its own.
  Tiles HandOn(int worker, Tiles tiles);

  std::unique_ptr<Share[]> shares_;
  // Set when all threads run; atomic, because the first of them run before.
  std::atomic<int> threads_{1};
  std::vector<std::thread> workers_;
  std::function<void(int)> begin_;
  const std::chrono::microseconds spin_;  // that threads wait awake

  // A cache line from the leader to the others, and one back. A loop of two tiles of 0.5 us takes
  // 0.2 to 1 us more than one of them, most of it for lines to move, and a step has a hundred
  // loops.
  alignas(64) std::atomic<bool> stop_{false};
  TileBody body_;
  std::mutex error_mutex_;
  std::exception_ptr error_;  // of the loop that runs
  alignas(64) std::atomic<uint32_t> unfinished_{0};
};

}  // namespace vitrine
