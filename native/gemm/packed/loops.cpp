// The packed product as a provider: what its three loops do, and a product on one thread.
#include <algorithm>
#include <memory>

#include "gemm/packed/multiply.h"
#include "gemm/packed/pack.h"
#include "gemm/packed/plan.h"
#include "gemm/provider.h"
#include "kernels/elementwise.h"
#include "kernels/packed_product_int8.h"

namespace vitrine::gemm::packed {
namespace {

class PackedLoops final : public Loops {
 public:
  explicit PackedLoops(const MatrixProduct& product)
      : product_(product), plan_(product, Plan::For::kAllThreads) {}

  int64_t SharedScratch() const override {
    if (plan_.by_columns) return 0;
    if (plan_.shares_left) return plan_.SharedLeftFloats();
    return Rights() * plan_.RightFloats() + RoundUp((plan_.splits - 1) * plan_.m * plan_.n, 16);
  }
  int64_t WorkerScratch() const override {
    return TileAt() + (product_.c == nullptr ? plan_.TileFloats() : 0);
  }

  int64_t PackTiles() const override {
    if (plan_.shares_left) return SharedLeftTiles(plan_);
    return plan_.by_columns ? 0 : Rights() * RightOf(0, nullptr).Tiles();
  }
  void Pack(int64_t tile, float* shared) const override {
    if (plan_.shares_left) return PackSharedLeft(plan_, product_.a, tile, shared);
    const int64_t tiles = std::max<int64_t>(1, RightOf(0, nullptr).Tiles());
    RightOf(tile / tiles, shared).PackTile(tile % tiles);
  }

  int64_t MultiplyTiles() const override {
    return (Sums() ? 1 : product_.batch.count) * TilesOfOne();
  }
  void Multiply(int64_t tile, float* shared, float* own) const override {
    const int64_t of_one =
        std::max<int64_t>(1, TilesOfOne());  // where there is none, none is asked
    const int64_t one = tile % of_one;
    const int64_t begin = tile / of_one, end = Sums() ? product_.batch.count : begin + 1;
    for (int64_t i = begin; i < end; ++i) {
      const bool accumulate = product_.accumulate || (Sums() && i > 0);
      const Tile done = plan_.by_columns ? MultiplyColumns(i, one, accumulate, own)
                                         : MultiplyRows(i, one, accumulate, shared, own);
      product_.epilogue(done);
    }
  }

  int64_t AddTiles() const override { return plan_.splits == 1 ? 0 : CeilDiv(plan_.m, AddRows()); }
  void Add(int64_t tile, float* shared) const override {
    const int64_t step = AddRows();
    for (int64_t row = tile * step; row < std::min(plan_.m, (tile + 1) * step); ++row) {
      float* c = product_.c + row * product_.ldc;
      for (int64_t split = 1; split < plan_.splits; ++split)
        kernels::Add(c, c, Later(split, shared) + row * plan_.n, plan_.n);
    }
  }

 private:
  bool Sums() const { return product_.batch.count > 1 && product_.batch.stride_c == 0; }
  int64_t Rights() const { return product_.batch.stride_b == 0 ? 1 : product_.batch.count; }
  Factor AOf(int64_t i) const { return product_.a.From(i * product_.batch.stride_a); }
  // Where a worker's scratch has room for a tile of c, behind what is packed for it.
  int64_t TileAt() const {
    return plan_.LeftFloats() + (plan_.by_columns ? plan_.RightFloats() : 0);
  }
  // A tile, in c or beside it.
  Tile TileOf(int64_t i, int64_t row, int64_t rows, int64_t column, int64_t columns,
              float* own) const {
    if (product_.c == nullptr) {
      return {row, rows, column, columns, own + TileAt(), Plan::TileStride(columns)};
    }
    float* const c = product_.c + i * product_.batch.stride_c;
    return {row, rows, column, columns, c + row * product_.ldc + column, product_.ldc};
  }
  // Where its results end up.
  Target TargetOf(const Tile& tile) const {
    if (product_.c != nullptr) return TargetOf(tile.c, tile.ldc);
    if (product_.stored == nullptr) return {};
    constexpr int64_t kSize = sizeof(Bf16);
    return {product_.stored + tile.row * product_.ldc + tile.column, product_.ldc * kSize, kSize};
  }
  static Target TargetOf(const float* c, int64_t ldc) {
    constexpr int64_t kSize = sizeof(float);
    return {c, ldc * kSize, kSize};
  }
  Right RightOf(int64_t i, float* shared) const {
    if (plan_.keeps_b) return {plan_, plan_.n, product_.b, const_cast<float*>(product_.kept_b)};
    const Factor b = product_.b.From(i * product_.batch.stride_b);
    const int64_t at = product_.batch.stride_b == 0 ? 0 : i * plan_.RightFloats();
    return {plan_, plan_.n, b, shared + at};
  }
  // Of c, over a part of k that is not the first: behind packed b.
  float* Later(int64_t split, float* shared) const {
    return shared + Rights() * plan_.RightFloats() + (split - 1) * plan_.m * plan_.n;
  }
  int64_t AddRows() const { return RowsPerTile(plan_.n * (plan_.splits - 1)); }

  int64_t TilesOfOne() const {
    return plan_.by_columns ? CeilDiv(plan_.n, plan_.column_step)
                            : plan_.splits * plan_.row_tiles * plan_.groups;
  }

  Tile MultiplyColumns(int64_t i, int64_t tile, bool accumulate, float* own) const {
    const int64_t column = tile * plan_.column_step;
    const int64_t columns = std::min(plan_.column_step, plan_.n - column);
    const int64_t between = product_.b.transposed ? product_.b.stride : 1;
    const Factor b = product_.b.From(i * product_.batch.stride_b + column * between);
    const Right right(plan_, columns, b, own + plan_.LeftFloats());
    if (!plan_.reads_b) right.Pack();
    const Part part{0, plan_.m, 0, right.panels().count(), 0, plan_.words};
    const Tile at = TileOf(i, 0, plan_.m, column, columns, own);
    packed::Multiply(plan_, AOf(i), right, part, at.c, at.ldc, accumulate, own, TargetOf(at));
    return at;
  }

  Tile MultiplyRows(int64_t i, int64_t tile, bool accumulate, float* shared, float* own) const {
    const int64_t tiles = plan_.row_tiles * plan_.groups;
    const int64_t split = tile / tiles;
    const auto [row_tile, group] = plan_.PlaceOf(tile % tiles);
    const Right right = RightOf(i, shared);
    const Panels& panels = right.panels();
    const int64_t row = plan_.FirstRow(row_tile);
    const Part part{row,
                    plan_.FirstRow(row_tile + 1) - row,
                    panels.count() * group / plan_.groups,
                    panels.count() * (group + 1) / plan_.groups,
                    plan_.FirstWord(split),
                    plan_.FirstWord(split + 1)};
    const int64_t column = panels.Column(part.begin);
    const int64_t columns = std::min(panels.Column(part.end), plan_.n) - column;
    const Tile at = TileOf(i, row, part.rows, column, columns, own);
    if (split == 0) {
      float* const left = plan_.shares_left ? shared : own;
      packed::Multiply(plan_, AOf(i), right, part, at.c, at.ldc, accumulate, left, TargetOf(at));
    } else {
      float* const later = Later(split, shared) + row * plan_.n + column;
      packed::Multiply(plan_, AOf(i), right, part, later, plan_.n, false, own,
                       TargetOf(later, plan_.n));
    }
    return at;
  }

  MatrixProduct product_;
  Plan plan_;
};

std::unique_ptr<Loops> MakeLoops(const MatrixProduct& product) {
  return std::make_unique<PackedLoops>(product);
}

void Serial(const MatrixProduct& product, float* scratch) {
  const Plan plan(product, Plan::For::kOneThread);
  float* const memory =
      plan.keeps_b ? const_cast<float*>(product.kept_b) : scratch + plan.LeftFloats();
  const Right right(plan, plan.n, product.b, memory);
  if (!plan.keeps_b && !plan.reads_b) right.Pack();
  packed::Multiply(plan, product.a, right, {0, plan.m, 0, right.panels().count(), 0, plan.words},
                   product.c, product.ldc, product.accumulate, scratch);
}

// b (k,n) of a weight (n,k), whose panels are one tile each.
Plan PlanOfWeight(int64_t n, int64_t k, Precision precision) {
  MatrixProduct product{1, n, k};
  product.b = {nullptr, k, true};
  product.bf16 = precision == Precision::kBf16;
  product.int8 = precision == Precision::kInt8;
  return {product, Plan::For::kOneThread};
}

}  // namespace
}  // namespace vitrine::gemm::packed

namespace vitrine::gemm {

int64_t KeptFloats(int64_t n, int64_t k, Precision precision) {
  if (n == 0 || k == 0) return 0;
  const packed::Plan plan = packed::PlanOfWeight(n, k, precision);
  const int64_t besides = precision == Precision::kInt8 ? 2 : 0;  // a factor and a start
  return plan.AllPanels().padded() * (plan.words + besides);
}

void PackWeight(Context& context, float* kept, const float* weight, int64_t n, int64_t k,
                Precision precision) {
  const packed::Plan plan = packed::PlanOfWeight(n, k, precision);
  const packed::Right right(plan, n, {weight, k, true}, kept);
  if (precision != Precision::kInt8) {
    context.ParallelFor(right.Tiles(), [&](int64_t tile, int) { right.PackTile(tile); });
    return;
  }
  const packed::Panels& panels = right.panels();
  float* const factors = kept + panels.padded() * plan.words;
  auto* const starts = reinterpret_cast<int32_t*>(factors + panels.padded());
  context.ParallelFor(panels.count(), [&](int64_t panel, int) {
    const int64_t column = panels.Column(panel);
    kernels::PackInt8Panel(*plan.kernel,
                           {kept + column * plan.words, factors + column, starts + column},
                           weight + column * k, k, k, panels.Width(panel), panels.Padded(panel));
  });
}

void PackSerial(const MatrixProduct& product, float* kept) {
  const packed::Plan plan(product, packed::Plan::For::kOneThread);
  packed::Right(plan, plan.n, product.b, kept).Pack();
}

const Provider kPacked{&packed::MakeLoops, &packed::Serial};

int64_t SerialScratch(const MatrixProduct& product) { return packed::Plan::MostFloats(product); }

}  // namespace vitrine::gemm
