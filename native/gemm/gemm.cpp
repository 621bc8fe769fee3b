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
  some.a = product.a.From(first * product.batch.stride_a);
  some.b = product.b.From(first * product.batch.stride_b);
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
  const int64_t size = product.m * product.n;
  return product.batch.count == 1 && !product.int8 && product.k <= kMostDepth &&
         size <= kMostWork && size * product.k <= kMostWork;
}

void MultiplyHere(Context& context, const MatrixProduct& product) {
  const bool apart = product.c == nullptr;
  const int64_t scratch = SerialScratch(product);
  context.product_scratch().Reserve(scratch + (apart ? product.m * product.n : 0));
  MatrixProduct whole = product;
  if (apart) {
    whole.c = context.product_scratch().Own(0) + scratch;
    whole.ldc = product.n;
  }
  ProviderOf(whole).serial(whole, context.product_scratch().Own(0));
  product.epilogue({0, product.m, 0, product.n, whole.c, whole.ldc});
}

struct Planned {
  std::unique_ptr<Loops> loops;
  int64_t shared_at;
};

void RunLoops(Context& context, const std::vector<Planned>& all, const Beside& now,
              const Beside& then) {
  int64_t own = 0;
  int64_t shared = 0;
  for (const Planned& planned : all) {
    own = std::max(own, planned.loops->WorkerScratch());
    shared = planned.shared_at + planned.loops->SharedScratch();
  }
  float* const memory = context.product_scratch().Shared(shared);
  context.product_scratch().Reserve(own);
  std::vector<int64_t> tiles(all.size() + 1);
  // One loop over the tiles of all, and over what goes with them.
  const auto run = [&](const auto& count, const auto& body, const Beside& beside = {}) {
    std::transform(all.begin(), all.end(), tiles.begin(),
                   [&](const Planned& planned) { return count(*planned.loops); });
    tiles.back() = beside.tiles;
    const size_t ranges = all.size() + (beside.tiles > 0 ? 1 : 0);
    context.ParallelFor({tiles.data(), ranges}, [&](int64_t i, int64_t tile, int worker) {
      if (i == static_cast<int64_t>(all.size())) return beside.body(tile, worker);
      body(*all[i].loops, tile, memory + all[i].shared_at, worker);
    });
  };
  run([](const Loops& loops) { return loops.PackTiles(); },
      [](const Loops& loops, int64_t tile, float* at, int) { loops.Pack(tile, at); });
  run([](const Loops& loops) { return loops.MultiplyTiles(); },
      [&](const Loops& loops, int64_t tile, float* at, int worker) {
        loops.Multiply(tile, at, context.product_scratch().Own(worker));
      },
      now);
  run([](const Loops& loops) { return loops.AddTiles(); },
      [](const Loops& loops, int64_t tile, float* at, int) { loops.Add(tile, at); }, then);
}

}  // namespace

void Multiply(Context& context, std::span<const MatrixProduct> products, const Beside& now,
              const Beside& then) {
  constexpr int64_t kCacheLine = 16;
  constexpr int64_t kMostPacked = 4 * 1024 * 1024;  // floats of a batch
  std::vector<Planned> all;
  int64_t shared = 0;
  for (const MatrixProduct& given : products) {
    if (IsSmall(given)) {
      MultiplyHere(context, given);
      continue;
    }
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
  if (!all.empty()) return RunLoops(context, all, now, then);
  if (now.tiles > 0) context.ParallelFor(now.tiles, now.body);
  if (then.tiles > 0) context.ParallelFor(then.tiles, then.body);
}

bool PaysToKeep(int64_t m, int64_t n, int64_t k, Precision precision) {
  constexpr int64_t kManyRows = 2048;
  MatrixProduct product{m, n, k};
  product.a = {nullptr, k, false};
  product.b = {nullptr, k, true};
  product.bf16 = precision == Precision::kBf16;
  if (precision == Precision::kInt8) return n > 0 && k > 0;
  return m > 0 && m < kManyRows && n > 0 && k > 0 && !IsSmall(product) &&
         &ProviderOf(product) == &kPacked;
}

void MultiplySerial(const MatrixProduct& product, float* scratch) {
  ProviderOf(product).serial(product, scratch);
}

}  // namespace vitrine::gemm
