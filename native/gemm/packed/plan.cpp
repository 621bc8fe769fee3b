#include "gemm/packed/plan.h"

#include <algorithm>

namespace vitrine::gemm::packed {
namespace {

// Where a kernel packs what it could read in place (all figures from Zen 3): a that is transposed
// if a tile has so many columns, 768 x 128 x 1576 takes 0.9 of the time then, with 32 columns 1.25
// times; also if it is for one thread alone, 0.62 for 48 products of 197 x 64 x 197. b if a has
// more than few rows, else it is 1.5 times the time for 16 x 768 x 768 and 1.27 times for 128 x 768
// x 9408, and if b's rows are not near each other: 384 of them would lie on more pages than the
// first table of those holds (64).
constexpr int64_t kManyColumns = 128;
constexpr int64_t kFewRows = 256;
constexpr int64_t kNear = 256;

// Steps along k from which on halves of them are for different threads.
constexpr int64_t kLeastSplit = 128;

}  // namespace

Plan::Plan(const MatrixProduct& product, For threads)
    : kernel(&kernels::PackedKernelFor(product.bf16)),
      m(product.m),
      n(product.n),
      k(product.k),
      words(kernel->Words(product.k)),
      alone(threads == For::kOneThread),
      left_stride(RoundUp(std::min(kernel->depth, words), 32) + 16) {  // odd in cache lines
  const Factor& a = product.a;
  const Factor& b = product.b;
  const int64_t sharers = product.batch.stride_b == 0 ? product.batch.count : 1;
  const bool few_rows = m * sharers <= kFewRows;
  if (product.splits_depth && a.transposed && k >= kLeastSplit) splits = 2;
  by_columns = !alone && few_rows && !a.transposed;
  if (by_columns) {
    CutColumns();
  } else if (!alone) {
    CutRows(sharers);
  }
  reads_a = kernel->reads_in_place &&
            !(a.transposed && kernel->packs_strided && (alone || n / groups >= kManyColumns));
  reads_b = kernel->reads_in_place && !b.transposed && (product.pads_b || n % kernel->lanes == 0) &&
            !(b.stride > kNear && kernel->packs_strided && !few_rows);
}

void Plan::CutColumns() {
  constexpr int64_t kPacked = 128 * 1024;  // words of b in a tile: they leave room in L2
  constexpr int64_t kPanelColumns = 48;    // of whole panels, for vectors of any length
  const int64_t most = std::min(CeilDiv(n, 8), kPacked / std::max<int64_t>(1, words));
  const int64_t least = CeilDiv(kLeastWork, std::max<int64_t>(1, m * k));
  const int64_t step = std::max<int64_t>({least, most, 1});
  // Whole panels where that is no great change, or where they are narrow; else whole vectors in
  // equal tiles.
  const int64_t least_columns = std::min<int64_t>(16, kernel->lanes * kernel->max_vectors);
  column_step = n > 8 * kPanelColumns ? RoundUp(step, kPanelColumns)
                                      : RoundUp(EvenStep(n, step), least_columns);
}

void Plan::CutRows(int64_t sharers) {
  // Equal shares, 16 of them if they are not too small.
  const int64_t shares = std::max<int64_t>(1, 16 / (splits * sharers));
  const int64_t least = kLeastWork / std::max<int64_t>(1, n * k);
  const int64_t rows = std::max(least, std::clamp<int64_t>(CeilDiv(m, shares), 48, 256));
  row_tiles = std::max<int64_t>(1, CeilDiv(m, rows));
  if (row_tiles > 1) row_tiles = RoundUp(row_tiles, 2);  // two threads end together
  // So many panels that a's rows are read, and packed, for many, and so few that a tile of c stays
  // in L2.
  constexpr int64_t kMostColumns = 768;
  const int64_t wanted = std::min(shares / row_tiles, AllPanels().count() / 4);
  groups = std::max<int64_t>({1, CeilDiv(n, kMostColumns), wanted});
}

int64_t Plan::RightFloats() const {
  if (reads_b) return 0;
  const int64_t padded = AllPanels().padded();
  return (by_columns ? std::min(RoundUp(column_step, kernel->lanes), padded) : padded) * words;
}

int64_t Plan::LeftFloats() const {
  if (reads_a) return 0;
  const int64_t rows = alone || by_columns ? m : CeilDiv(m, row_tiles) + kernel->max_rows;
  return RoundUp(rows, kernel->max_rows) * left_stride;
}

}  // namespace vitrine::gemm::packed
