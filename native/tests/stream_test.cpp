#include "runtime/stream.h"
#include "runtime/thread_pool.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/allocator.h"
#include "runtime/thread_pool.h"
#include "tests/function_command.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

// A fence: ready once all that was enqueued before it has run, or been skipped.
std::future<void> Fence(Stream& stream) {
  auto done = std::make_shared<std::promise<void>>();
  auto function = [done](Context&) { done->set_value(); };
  stream.Enqueue(std::make_shared<FunctionCommand<decltype(function)>>(function, true));
  return done->get_future();
}

void RunsCommandsInOrder() {
  Stream stream(2);
  std::vector<int> seen;  // without a lock: only the stream's thread writes it, and Synchronize
                          // orders the reading
  for (int i = 0; i < 10000; ++i) {
    Enqueue(stream, [&seen, i](Context&) { seen.push_back(i); });
  }
  stream.Synchronize();
  Expect(seen.size() == 10000, "all commands ran");
  for (int i = 0; i < 10000; ++i)
    Expect(seen[i] == i, "command " + std::to_string(i) + " in its place");
  Expect(stream.Idle(), "the stream is idle after Synchronize");
}

void HoldsBackAnOwnerTooFarAhead() {
  Stream stream(1);
  int64_t ran = 0;
  const int64_t count = Stream::kMaxPending + 1000;
  for (int64_t i = 0; i < count; ++i) {
    Enqueue(stream, [&ran](Context&) { ++ran; });
  }
  stream.Synchronize();
  Expect(ran == count, "all commands ran");
}

void WakesFromSleep() {
  Stream stream(3);
  std::atomic<int> tiles{0};
  for (int i = 0; i < 20; ++i) {
    Enqueue(stream, [&tiles](Context& context) {
      context.ParallelFor(8, [&tiles](int64_t, int) { ++tiles; });
    });
    stream.Synchronize();
    // Longer than the threads' spin, so that each round finds all of them asleep.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  Expect(tiles == 20 * 8, "all tiles ran");
}

void ParallelForRunsEachTileOnce() {
  for (int threads : {1, 2, 4, 7}) {
    ThreadPool pool(threads);
    for (int64_t tiles : {0, 1, 2, 3, 8, 61, 500}) {
      for (int round = 0; round < 50; ++round) {
        std::vector<int> runs(tiles,
                              0);  // plain ints: a tile that ran twice at once would be a race
        std::vector<int64_t> by_worker(threads, 0);
        pool.ParallelFor(tiles, [&](int64_t tile, int worker) {
          ++runs[tile];
          ++by_worker[worker];
        });
        for (int count : runs) Expect(count == 1, "each tile ran once");
        Expect(std::accumulate(by_worker.begin(), by_worker.end(), int64_t{0}) == tiles,
               "the workers ran all tiles between them");
      }
    }
  }
}

// Loops that follow each other at once, where a late worker of one could reach into the next.
void LoopsBackToBackStayApart() {
  Stream stream(4);
  std::vector<int64_t> data(64, 0);
  for (int step = 0; step < 2000; ++step) {
    Enqueue(stream, [&data, step](Context& context) {
      const int64_t tiles = 1 + step % 64;
      context.ParallelFor(tiles, [&data](int64_t tile, int) { ++data[tile]; });
    });
  }
  stream.Synchronize();
  const int64_t sum = std::accumulate(data.begin(), data.end(), int64_t{0});
  int64_t expected = 0;
  for (int step = 0; step < 2000; ++step) expected += 1 + step % 64;
  Expect(sum == expected, "all tiles of all loops ran");
}

// A pool is told to end while its threads are about to sleep, or have not begun.
void PoolsEndWhenever() {
  for (int round = 0; round < 2000; ++round) {
    std::atomic<int> ran{0};
    ThreadPool pool(3);
    for (int loop = 0; loop < round % 4; ++loop) pool.ParallelFor(5, [&](int64_t, int) { ++ran; });
    Expect(ran == round % 4 * 5, "all tiles ran");
  }
}

void OneThreadRunsTilesInOrder() {
  ThreadPool pool(1);
  std::vector<int64_t> order;
  pool.ParallelFor(7, [&](int64_t tile, int worker) {
    Expect(worker == 0, "one thread is the leader");
    order.push_back(tile);
  });
  for (int64_t i = 0; i < 7; ++i) Expect(order[i] == i, "one thread goes from first to last");
}

void ScratchIsEachWorkersOwn() {
  Stream stream(3);
  std::atomic<bool> clean{true};
  for (size_t count : {16, 1000, 100}) {
    Enqueue(stream, [&clean, count](Context& context) {
      context.ReserveScratch(count);
      float* shared = context.SharedScratch(32);
      context.ParallelFor(32, [&](int64_t tile, int worker) {
        float* scratch = context.Scratch(worker);
        if (reinterpret_cast<uintptr_t>(scratch) % 64 != 0) clean = false;
        for (size_t i = 0; i < count; ++i) scratch[i] = static_cast<float>(tile);
        for (size_t i = 0; i < count; ++i) {
          if (scratch[i] != static_cast<float>(tile)) clean = false;
        }
        shared[tile] = scratch[count - 1];
      });
      for (int tile = 0; tile < 32; ++tile) {
        if (shared[tile] != static_cast<float>(tile)) clean = false;
      }
    });
  }
  stream.Synchronize();
  Expect(clean, "no worker saw another's scratch");
}

void ThreadCountMayChange() {
  Stream stream(1);
  std::atomic<int64_t> tiles{0};
  for (int threads : {4, 1, 3, 2}) {
    Enqueue(stream, [threads](Context& context) { context.SetThreads(threads); });
    Enqueue(stream, [&tiles](Context& context) {
      context.ReserveScratch(64);
      context.ParallelFor(16, [&](int64_t tile, int worker) {
        context.Scratch(worker)[0] = static_cast<float>(tile);
        ++tiles;
      });
    });
  }
  stream.Synchronize();
  Expect(tiles == 4 * 16, "all tiles ran");
}

void FencesMayBeAwaitedFromOtherThreads() {
  Stream stream(2);
  int64_t value = 0;
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (int i = 1; i <= 50; ++i) {
    Enqueue(stream, [&value](Context&) { ++value; });
    auto copy = std::make_shared<int64_t>(0);
    Enqueue(stream, [&value, copy](Context&) { *copy = value; });
    readers.emplace_back([&wrong, copy, i, fence = Fence(stream)]() mutable {
      fence.wait();
      if (*copy != i) ++wrong;
    });
  }
  for (std::thread& reader : readers) reader.join();
  Expect(wrong == 0, "each reader saw the value as of its fence");
}

void AFaultPoisonsUntilReset() {
  Stream stream(2);
  bool ran = false;
  Enqueue(stream, [](Context& context) { context.Fail("first", 7); });
  Enqueue(stream, [&ran](Context& context) {
    ran = true;
    context.Fail("second", 8);
  });
  std::future<void> fence = Fence(stream);
  // As a fence's waiter does, while the stream's thread may be writing the fault.
  const std::optional<Fault> early = stream.fault();
  Expect(!early || early->site == 7, "a fault seen early is the first one");
  fence.wait();
  stream.Synchronize();
  const std::optional<Fault> fault = stream.fault();
  Expect(fault && fault->message == "first" && fault->site == 7, "the first fault is kept");
  Expect(!ran, "a command behind the fault is skipped");

  stream.Reset();
  Expect(!stream.fault(), "no fault after Reset");
  Enqueue(stream, [&ran](Context&) { ran = true; });
  stream.Synchronize();
  Expect(ran, "a command runs after Reset");
}

void AbandonEndsWhatRunsAndSkipsTheRest() {
  Stream stream(2);
  stream.Abandon({"idle"});
  Expect(!stream.fault(), "an idle stream is left alone");

  bool ran = false;
  // As a replay does, which looks between its commands.
  auto endless = [](Context& context) {
    while (!context.interrupted()) std::this_thread::yield();
  };
  Enqueue(stream, endless);
  Enqueue(stream, [&ran](Context&) { ran = true; });
  stream.Abandon({"abandoned"});
  const std::optional<Fault> fault = stream.fault();
  Expect(fault && fault->message == "abandoned", "the stream is poisoned");
  Expect(stream.Idle() && !ran, "what was queued is skipped");

  stream.Reset();
  Enqueue(stream, [&ran](Context& context) { ran = !context.interrupted(); });
  stream.Synchronize();
  Expect(ran, "a command runs after Reset, and is not interrupted");

  Enqueue(stream, endless);  // which the stream's end must interrupt, too
}

void NoMemoryIsAFault() {
  Stream stream(1);
  Enqueue(stream, [](Context&) { throw std::bad_alloc(); });
  stream.Synchronize();
  Expect(stream.fault().has_value(), "std::bad_alloc poisons the stream");
}

void StreamsComeAndGo() {
  // Some at rest, some with work queued: what has not run when a stream ends is dropped, not
  // leaked.
  for (int round = 0; round < 100; ++round) {
    auto held = std::make_shared<int>(round);
    {
      Stream stream(1 + round % 4);
      for (int i = 0; i < round % 10 * 20; ++i) {
        Enqueue(stream, [held](Context& context) { context.ParallelFor(4, [](int64_t, int) {}); });
      }
      if (round % 3 == 0) stream.Synchronize();
    }
    Expect(held.use_count() == 1, "an ended stream holds no command");
  }
}

void StreamsRunSideBySide() {
  std::vector<std::thread> owners;
  std::atomic<int> right{0};
  for (int owner = 0; owner < 4; ++owner) {
    owners.emplace_back([&right] {
      Stream stream(2);
      Allocator allocator(uint64_t{1} << 30);
      int64_t sum = 0;
      for (int64_t i = 0; i < 500; ++i) {
        const Block block =
            allocator.Allocate(64 * sizeof(int64_t), [&stream] { stream.Synchronize(); });
        auto* data = static_cast<int64_t*>(block.data);
        Enqueue(stream, [data, i](Context& context) {
          context.ParallelFor(64, [data, i](int64_t tile, int) { data[tile] = i; });
        });
        Enqueue(stream, [data, &sum](Context&) { sum = std::accumulate(data, data + 64, sum); });
        // At once, though both commands may still wait: the next owner's commands run after them.
        allocator.Free(block);
      }
      stream.Synchronize();
      if (sum == int64_t{64} * 499 * 500 / 2) ++right;
    });
  }
  for (std::thread& owner : owners) owner.join();
  Expect(right == 4, "each stream computed its own sum");
}

constexpr Test kTests[] = {
    {"runs commands in order", RunsCommandsInOrder},
    {"holds back an owner too far ahead", HoldsBackAnOwnerTooFarAhead},
    {"wakes from sleep", WakesFromSleep},
    {"parallel loops run each tile once", ParallelForRunsEachTileOnce},
    {"loops back to back stay apart", LoopsBackToBackStayApart},
    {"one thread runs tiles in order", OneThreadRunsTilesInOrder},
    {"pools end whenever they are told to", PoolsEndWhenever},
    {"scratch is each worker's own", ScratchIsEachWorkersOwn},
    {"the thread count may change", ThreadCountMayChange},
    {"fences may be awaited from other threads", FencesMayBeAwaitedFromOtherThreads},
    {"a fault poisons until reset", AFaultPoisonsUntilReset},
    {"abandon ends what runs and skips the rest", AbandonEndsWhatRunsAndSkipsTheRest},
    {"no memory is a fault", NoMemoryIsAFault},
    {"streams come and go", StreamsComeAndGo},
    {"streams run side by side", StreamsRunSideBySide},
};

}  // namespace

std::span<const Test> StreamTests() { return kTests; }

}  // namespace vitrine
