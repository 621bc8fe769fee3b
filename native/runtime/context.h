#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "runtime/command.h"
#include "runtime/placement.h"
#include "runtime/scratch_memory.h"
#include "runtime/thread_pool.h"
#include "runtime/trace.h"

namespace vitrine {

// What went wrong while a command ran. `site` is the caller's number for the place that enqueued
// it, 0 for none.
struct Fault {
  std::string message;
  uint32_t site = 0;
};

// As TileBody, for loops over several ranges.
class RangeBody {
 public:
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, RangeBody>)
      RangeBody(const F& f)  // NOLINT: implicit by design
      : object_(&f), call_([](const void* object, int64_t range, int64_t tile, int worker) {
          (*static_cast<const F*>(object))(range, tile, worker);
        }) {}

  void operator()(int64_t range, int64_t tile, int worker) const {
    call_(object_, range, tile, worker);
  }

 private:
  const void* object_;
  void (*call_)(const void*, int64_t, int64_t, int);
};

// What a running command may use: the thread pool, scratch memory, and a way to report a fault.
// Lives on the stream's thread; only ParallelFor's body runs elsewhere.
class Context {
 public:
  // `give_way` runs what may overtake the running command, if anything does.
  Context(int threads, std::function<void()> give_way) : give_way_(std::move(give_way)) {
    SetThreads(threads);
  }

  int threads() const { return pool_->threads(); }
  void SetThreads(int threads);
  // To be called by the leader before it runs commands, and when it has set the threads: where
  // those keep to cores, it does.
  void PlaceLeader() { placement_.Place(0, threads()); }

  // Runs a command, traced if tracing is on. A command made of others runs them through this too.
  void Run(Command& command);

  // To be called by a command made of others between two of them: other commands may run meanwhile,
  // and scratch memory is theirs.
  void GiveWay() { give_way_(); }

  // See ThreadPool::ParallelFor.
  void ParallelFor(int64_t tiles, TileBody body);

  // One loop over several ranges of tiles, ranges[r] of them each: body(r, tile, worker). A
  // worker's share is its share of each range, one after the other, so that it reads what it wrote
  // in the loops before.
  void ParallelFor(std::span<const int64_t> ranges, RangeBody body);

  Trace& trace() { return trace_; }

  // Scratch of `count` floats for each worker, 64-byte aligned, undefined content, valid until the
  // command ends. Ask once, before ParallelFor: a second call may move it. Throws std::bad_alloc.
  void ReserveScratch(size_t count) { scratch_.Reserve(count); }
  float* Scratch(int worker) { return scratch_.Own(worker); }

  // Scratch shared by all workers, under the same rules; ReserveScratch does not touch it.
  float* SharedScratch(size_t count) { return scratch_.Shared(count); }

  // That of gemm's loops, so that an op lays out its own without them.
  ScratchMemory& product_scratch() { return product_scratch_; }

  // Reports a fault from the leader's thread; the first of a command counts.
  void Fail(std::string message, uint32_t site = 0);
  bool failed() const { return fault_.has_value(); }
  std::optional<Fault> TakeFault();

  // Asks a command made of others to end after the one that it is at. Any thread.
  void Interrupt(bool on) { interrupted_.store(on, std::memory_order_relaxed); }
  bool interrupted() const { return interrupted_.load(std::memory_order_relaxed); }

 private:
  void RunRanges(std::span<const int64_t> ranges, RangeBody body);

  std::function<void()> give_way_;
  Placement placement_;
  std::unique_ptr<ThreadPool> pool_;
  Trace trace_;
  const char* running_ = "";
  ScratchMemory scratch_, product_scratch_;
  std::optional<Fault> fault_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace vitrine
