#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
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
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(tile, worker) once for each tile in [0, tiles), on any worker in any order, and
  // returns when all are done. body must not throw. Only one thread, the leader, may call it.
  void ParallelFor(int64_t tiles, TileBody body);

 private:
  void Work(int worker);
  bool RunOneTile(int worker);

  // Tiles of the current loop that nobody has claimed. Whoever lowers it owns a tile, and a loop
  // with an unfinished tile cannot end, so body_ and tiles_ are stable from the claim to the tile's
  // completion.
  std::atomic<int64_t> unclaimed_{0};
  std::atomic<int64_t> unfinished_{0};
  std::atomic<uint32_t> wake_{0};
  std::atomic<bool> stop_{false};
  TileBody body_;
  int64_t tiles_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace vitrine
