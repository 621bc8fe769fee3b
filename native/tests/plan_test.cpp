// How products, and attention, are cut into tiles.
#include "gemm/packed/plan.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ops/attention_tiles.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

using gemm::MatrixProduct;
using gemm::packed::Plan;

constexpr int64_t kMostRows = 256;  // up to which the tiles of a kept weight go by groups
constexpr int64_t kSizes[] = {64, 192, 384, 576, 768, 1536, 3072};

const float kKept = 0;  // stands for a packed weight, which a plan does not look into

Plan PlanOf(int64_t m, int64_t n, int64_t k, bool bf16) {
  MatrixProduct product{m, n, k};
  product.a = {nullptr, k, false, bf16};
  product.b = {nullptr, k, true};
  product.bf16 = bf16;
  product.kept_b = &kKept;
  return {product, Plan::For::kAllThreads};
}

template <class Body>
void ForPlans(const Body& body) {
  for (const bool bf16 : {false, true}) {
    for (const int64_t n : kSizes) {
      for (const int64_t k : kSizes) {
        for (int64_t m = 1; m <= kMostRows; ++m) {
          body(PlanOf(m, n, k, bf16), std::to_string(m) + " x " + std::to_string(n) + " x " +
                                          std::to_string(k) + (bf16 ? " in bfloat16" : ""));
        }
      }
    }
  }
}

void RowsOfTilesAreAllAndFitTheScratch() {
  ForPlans([](const Plan& plan, const std::string& what) {
    int64_t most = 0;
    Expect(plan.FirstRow(0) == 0 && plan.FirstRow(plan.row_tiles) == plan.m, what + ": all rows");
    for (int64_t tile = 0; tile < plan.row_tiles; ++tile) {
      const int64_t rows = plan.FirstRow(tile + 1) - plan.FirstRow(tile);
      Expect(rows > 0, what + ": no tile is without rows");
      most = std::max(most, rows);
    }
    const int64_t panels = CeilDiv(plan.AllPanels().count(), plan.groups);
    const int64_t columns =
        std::min(panels * plan.kernel->lanes * plan.kernel->max_vectors, plan.n);
    Expect(plan.TileFloats() >= most * Plan::TileStride(columns), what + ": room for the largest");
  });
}

// What one of two threads wrote, it reads.
void HalvesOfTilesHaveHalvesOfRows() {
  ForPlans([](const Plan& plan, const std::string& what) {
    if (!plan.by_halves || plan.row_tiles == 1) return;
    const int64_t tiles = plan.row_tiles * plan.groups;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const bool first = plan.PlaceOf(tile).row_tile < plan.row_tiles / 2;
      Expect(first == (tile < tiles / 2), what + ": a tile lies in its half");
    }
  });
}

// A Ti/16 on one image: 197 tokens of 192.
void AnImageIsCutForManyThreads() {
  const auto tiles = [](int64_t n, int64_t k) {
    const Plan plan = PlanOf(197, n, k, false);
    return plan.row_tiles * plan.groups;
  };
  Expect(tiles(192, 192) >= 16, "proj");
  for (const auto& [n, k] : {std::pair{576, 192}, {768, 192}, {192, 768}})
    Expect(tiles(n, k) >= 24, "qkv, fc1 and fc2");
}

ops::AttentionForward AttentionOf(int64_t batch, int64_t heads, int64_t queries, int64_t keys) {
  ops::AttentionForward op{};
  op.batch = batch;
  op.heads = heads;
  op.queries = queries;
  op.keys = keys;
  op.width = 64;
  return op;
}

void AttentionsTilesHaveEachQueryOnce() {
  for (const int64_t batch : {1, 2, 16}) {
    for (const int64_t heads : {1, 3, 12}) {
      for (const int64_t queries : {0, 1, 23, 24, 25, 47, 72, 196, 197, 1370}) {
        const auto op = AttentionOf(batch, heads, queries, 197);
        const ops::ForwardTiles tiles(op);
        std::vector<int> seen(batch * heads * queries);
        for (int64_t tile = 0; tile < tiles.count(); ++tile) {
          tiles.ForHeads(tile, [&](const ops::Head& head, const ops::Range& rows, float*) {
            for (int64_t row = rows.begin; row < rows.end; ++row)
              ++seen[(head.b * heads + head.h) * queries + row];
          });
        }
        const bool once =
            std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; });
        Expect(once, std::to_string(batch) + " x " + std::to_string(heads) + " heads of " +
                         std::to_string(queries) + " queries, each once");
      }
    }
  }
}

void AnImagesAttentionIsCutForManyThreads() {
  for (const auto& [heads, least] : {std::pair{3, 24}, {6, 48}, {12, 64}}) {
    const auto op = AttentionOf(1, heads, 197, 197);
    Expect(ops::ForwardTiles(op).count() >= least, std::to_string(heads) + " heads");
  }
}

// A weight that is not kept: each tile packs the columns that it multiplies by.
void AnImagesTrainingIsCutForManyThreads() {
  for (const auto& [n, least] : {std::pair{576, 12}, {768, 16}}) {
    MatrixProduct product{197, n, 192};
    product.a = {nullptr, 192, false};
    product.b = {nullptr, 192, true};
    const Plan plan(product, Plan::For::kAllThreads);
    Expect(plan.by_columns && CeilDiv(n, plan.column_step) >= least, std::to_string(n));
  }
}

constexpr Test kTests[] = {
    {"tiles of rows have all rows and room for them", RowsOfTilesAreAllAndFitTheScratch},
    {"the first half of an image's tiles has the first half of its rows",
     HalvesOfTilesHaveHalvesOfRows},
    {"an image's products are cut for many threads", AnImageIsCutForManyThreads},
    {"a training step's products of one image are, too", AnImagesTrainingIsCutForManyThreads},
    {"attention's tiles have each query once", AttentionsTilesHaveEachQueryOnce},
    {"an image's attention is cut for many threads", AnImagesAttentionIsCutForManyThreads},
};

}  // namespace

std::span<const Test> PlanTests() { return kTests; }

}  // namespace vitrine
