#include "runtime/thread_pool.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/context.h"
#include "runtime/tiles.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

constexpr int kThreads[] = {1, 2, 3, 7, 16, 64};

void EveryTileRunsOnce() {
  for (const int threads : kThreads) {
    ThreadPool pool(threads);
    // Short loops in a row: who comes late from one is in the next.
    for (int round = 0; round < 200; ++round) {
      const int64_t tiles = round * 7 % 150;
      const auto runs = std::make_unique<std::atomic<int>[]>(tiles + 1);
      pool.ParallelFor(tiles, [&](int64_t tile, int worker) {
        if (worker < 0 || worker >= threads || tile >= tiles) runs[tiles] = 1;
        ++runs[tile];
      });
      const std::string what =
          std::to_string(tiles) + " tiles on " + std::to_string(threads) + " threads";
      Expect(runs[tiles] == 0, what + " are of known workers");
      for (int64_t tile = 0; tile < tiles; ++tile) Expect(runs[tile] == 1, what + " run once each");
    }
  }
}

// A tile that ends when all the others have begun: they cannot be one worker's.
void AsManyWorkersAsTiles() {
  constexpr int kTiles = 5;
  ThreadPool pool(16);
  std::atomic<int> begun{0};
  std::mutex mutex;
  std::set<int> workers;
  pool.ParallelFor(kTiles, [&](int64_t, int worker) {
    ++begun;
    while (begun < kTiles) std::this_thread::yield();
    std::lock_guard lock(mutex);
    workers.insert(worker);
  });
  Expect(workers.size() == kTiles, "each tile has a worker of its own");
}

void SharesArePartsOfAll() {
  for (const int64_t workers : kThreads) {
    for (const int64_t tiles : {0, 1, 5, 64, 1000}) {
      Expect(FirstOfShare(tiles, 0, workers) == 0, "the first share begins with the first tile");
      Expect(FirstOfShare(tiles, workers, workers) == tiles, "the last ends with the last");
      for (int64_t worker = 0; worker < workers; ++worker) {
        const int64_t share =
            FirstOfShare(tiles, worker + 1, workers) - FirstOfShare(tiles, worker, workers);
        Expect(share == tiles / workers || share == CeilDiv(tiles, workers), "shares are equal");
      }
    }
  }
}

void RangesRunOnceEach() {
  for (const int threads : kThreads) {
    Context context(threads, [] {});
    const std::vector<int64_t> ranges{16, 0, 5, 33};
    std::atomic<int> runs[4][33] = {};
    context.ParallelFor(ranges, [&](int64_t range, int64_t tile, int) { ++runs[range][tile]; });
    for (size_t range = 0; range < ranges.size(); ++range) {
      for (int64_t tile = 0; tile < 33; ++tile)
        Expect(runs[range][tile] == (tile < ranges[range] ? 1 : 0),
               "each tile of each range, once");
    }
  }
}

void WhatATileThrowsComesOutOnce() {
  ThreadPool pool(7);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> others{0};
    bool thrown = false;
    try {
      pool.ParallelFor(40, [&](int64_t tile, int) {
        if (tile % 10 == 3) throw std::runtime_error("a tile");
        ++others;
      });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    Expect(thrown && others == 36, "all others run, and the exception comes out");
  }
}

constexpr Test kTests[] = {
    {"every tile runs once, on 1 to 64 threads", EveryTileRunsOnce},
    {"few tiles are for as many workers", AsManyWorkersAsTiles},
    {"shares are equal parts of all tiles", SharesArePartsOfAll},
    {"a loop over ranges runs each tile of each", RangesRunOnceEach},
    {"what a tile throws comes out of the loop", WhatATileThrowsComesOutOnce},
};

}  // namespace

std::span<const Test> ThreadPoolTests() { return kTests; }

}  // namespace vitrine
