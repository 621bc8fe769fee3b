#include "gemm/gemm.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "gemm/provider.h"
#include "runtime/tiles.h"

namespace vitrine::gemm {
namespace {

// The rows of a batch that shares b are those of one product.
MatrixProduct AsOne(const MatrixProduct& product) {
  const auto& [count, stride_a, stride_b, stride_c] = product.batch;
  const bool one_matrix = count > 1 && stride_b == 0 && !product.a.transposed &&
                          stride_a == product.m * product.a.stride &&
                          stride_c == product.m * product.ldc;
  if (!one_matrix) return product;
  MatrixProduct whole = product;
  whole.m *= count;
  whole.batch = {};
  return whole;
}

// Products enough to go round are not cut: each is one thread's.
bool GoRound(const MatrixProduct& product) {
  constexpr int64_t kManyProducts = 16;
  constexpr int64_t kSmallRight = 128 * 1024;  // floats of b
  const Batch& batch = product.batch;
  return batch.count >= kManyProducts && batch.stride_b != 0 && batch.stride_c != 0 &&
         product.n * product.k <= kSmallRight;
}

// Products [first, first + count) of a batch.
MatrixProduct Some(const MatrixProduct& product, int64_t first, int64_t count) {
  MatrixProduct some = product;
  some.c += first * product.batch.stride_c;
  some.a.data += first * product.batch.stride_a;
  some.b.data += first * product.batch.stride_b;
  some.batch.count = count;
  some.accumulate = product.accumulate || (first > 0 && product.batch.stride_c == 0);
  return some;
}

void MultiplyEach(Context& context, const MatrixProduct& product) {
  const Provider& provider = ProviderOf(Some(product, 0, 1));
  context.product_scratch().Reserve(SerialScratch(product));
  context.ParallelFor(product.batch.count, [&](int64_t i, int worker) {
    provider.serial(Some(product, i, 1), context.product_scratch().Own(worker));
  });
}

// So little work that to share it out costs more: the thread that asks does it, as one tile. Halves
// of k are kept apart, for the same bits.
bool IsSmall(const MatrixProduct& product) {
  constexpr int64_t kMostWork = 32 * 1024;  // multiply-adds: some microseconds
  constexpr int64_t kMostDepth = 64;
  return product.batch.count == 1 && product.k <= kMostDepth &&
         product.m * product.n <= kMostWork / std::max<int64_t>(1, product.k);
}

void MultiplyHere(Context& context, const MatrixProduct& product) {
  context.product_scratch().Reserve(SerialScratch(product));
  ProviderOf(product).serial(product, context.product_scratch().Own(0));
  product.epilogue({0, product.m, 0, product.n});
}

struct Planned {
  std::unique_ptr<Loops> loops;
  int64_t shared_at;
  int64_t tiles = 0;  // of the loop that runs
};

// One loop over the tiles of all: a worker's share of it is its share of each product's tiles, one
// product after the other, so that it reads what it wrote in the loops before.
template <class Count, class Body>
void ForTiles(Context& context, std::vector<Planned>& all, const Count& count, const Body& body) {
  for (Planned& planned : all) planned.tiles = count(*planned.loops);
  if (all.size() == 1) {
    context.ParallelFor(all[0].tiles,
                        [&](int64_t tile, int worker) { body(all[0], tile, worker); });
    return;
  }
  const int64_t workers = context.threads();
  const auto begin = [&](int64_t worker) {
    int64_t tiles = 0;
    for (const Planned& planned : all) tiles += planned.tiles * worker / workers;
    return tiles;
  };
  const int64_t sum = begin(workers);
  context.ParallelFor(sum, [&](int64_t index, int worker) {
    int64_t share = index * workers / sum;
    while (begin(share + 1) <= index) ++share;
    while (begin(share) > index) --share;
    int64_t left = index - begin(share);
    for (const Planned& planned : all) {
      const int64_t first = planned.tiles * share / workers;
      const int64_t mine = planned.tiles * (share + 1) / workers - first;
      if (left < mine) return body(planned, first + left, worker);
      left -= mine;
    }
  });
}

void RunLoops(Context& context, std::vector<Planned>& all) {
  int64_t own = 0;
  int64_t shared = 0;
  for (const Planned& planned : all) {
    own = std::max(own, planned.loops->WorkerScratch());
    shared = planned.shared_at + planned.loops->SharedScratch();
  }
  float* const memory = context.product_scratch().Shared(shared);
  context.product_scratch().Reserve(own);
  ForTiles(
      context, all, [](const Loops& loops) { return loops.PackTiles(); },
      [&](const Planned& planned, int64_t tile, int) {
        planned.loops->Pack(tile, memory + planned.shared_at);
      });
  ForTiles(
      context, all, [](const Loops& loops) { return loops.MultiplyTiles(); },
      [&](const Planned& planned, int64_t tile, int worker) {
        planned.loops->Multiply(tile, memory + planned.shared_at,
                                context.product_scratch().Own(worker));
      });
  ForTiles(
      context, all, [](const Loops& loops) { return loops.AddTiles(); },
      [&](const Planned& planned, int64_t tile, int) {
        planned.loops->Add(tile, memory + planned.shared_at);
      });
}

}  // namespace

void Multiply(Context& context, std::span<const MatrixProduct> products) {
  constexpr int64_t kCacheLine = 16;
  constexpr int64_t kMostPacked = 4 * 1024 * 1024;  // floats of a batch
  std::vector<Planned> all;
  int64_t shared = 0;
  for (const MatrixProduct& given : products) {
    const MatrixProduct product = AsOne(given);
    if (IsSmall(product)) {
      MultiplyHere(context, product);
      continue;
    }
    if (GoRound(product)) {
      MultiplyEach(context, product);
      continue;
    }
    auto loops = ProviderOf(product).loops(product);
    if (product.batch.count > 1 && product.batch.stride_b != 0 &&
        loops->SharedScratch() > kMostPacked) {
      const int64_t half = product.batch.count / 2;
      Multiply(context, Some(product, 0, half));
      Multiply(context, Some(product, half, product.batch.count - half));
      continue;
    }
    const int64_t packed = loops->SharedScratch();
    all.push_back({std::move(loops), shared});
    shared += RoundUp(packed, kCacheLine);
  }
  if (!all.empty()) RunLoops(context, all);
}

void MultiplySerial(const MatrixProduct& product, float* scratch) {
  ProviderOf(product).serial(product, scratch);
}

}  // namespace vitrine::gemm
