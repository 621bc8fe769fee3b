#include "gemm/packed/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

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

// Words of a b that each of two cores may read all of: in float32 the largest of Ti/16 on an image,
// 148,000, gains a tenth; those of S/16, 442,000 to 590,000, lose 5 %; in bfloat16, half of that,
// S/16 gains 5 %.
constexpr int64_t kSmallRight = 320 * 1024;

// Steps along k from which on halves of them are for different threads, and the fewest of a part
// where there are more than two.
constexpr int64_t kLeastSplit = 128;
constexpr int64_t kLeastPart = 256;

// Rows and columns of the smallest tiles into which a product is cut that has work enough.
constexpr int64_t kLeastRows = 48;
constexpr int64_t kLeastColumns = 96;

// The same where all tiles read what is packed: a tile costs no more than its start, and one image
// must do for 64 threads. The least work of one is some 6 us: S/16 is 22 and 35 times as fast on
// 64 threads, by 48 x 96 and so.
constexpr int64_t kLeastPackedRows = 24;
constexpr int64_t kLeastPackedColumns = 48;
constexpr int64_t kLeastPackedWork = 640 * 1024;
constexpr int64_t kMostPackedShares = 64;

constexpr int64_t kFewShares = 16;

// Into how many tiles a product is cut: 16 if it is small; 64 if each of them still takes some 10
// us, which is several times what it takes to wake so many threads; more, so that those which end
// early can help the others, if that is no great part of them.
int64_t SharesOf(int64_t work) {
  constexpr int64_t kManyShares = 64, kMostShares = 256;
  constexpr int64_t kEnough = 1024 * 1024, kPlenty = 16 * kEnough;  // multiply-adds
  int64_t shares = kFewShares;
  while (shares < kManyShares && work >= 2 * shares * kEnough) shares *= 2;
  while (shares < kMostShares && work >= 2 * shares * kPlenty) shares *= 2;
  return shares;
}

// Saturates where sizes are beyond all memory.
int64_t WorkOf(int64_t m, int64_t n, int64_t k) {
  int64_t work = 0;
  const bool overflows =
      __builtin_mul_overflow(m, n, &work) || __builtin_mul_overflow(work, k, &work);
  return overflows ? INT64_MAX : work;
}

// Words between packed rows of a, of which so many are multiplied at once; odd in cache lines.
int64_t LeftStride(int64_t words) { return RoundUp(words, 32) + 16; }

}  // namespace

Plan::Plan(const MatrixProduct& product, For threads)
    : kernel(&KernelOf(product)),
      m(product.m),
      n(product.n),
      k(product.k),
      words(kernel->Words(product.k)),
      alone(threads == For::kOneThread),
      keeps_b(product.kept_b != nullptr),
      has_factors(product.int8),
      left_stride(LeftStride(std::min(kernel->depth, words))) {
  const Factor& a = product.a;
  const Factor& b = product.b;
  const int64_t sharers = product.batch.stride_b == 0 ? product.batch.count : 1;
  const bool few_rows = m * sharers <= kFewRows;
  if (!alone && product.splits_depth && a.transposed && k >= kLeastSplit) SplitDepth();
  by_columns = !alone && few_rows && !a.transposed && !keeps_b;
  by_groups = few_rows && keeps_b;
  by_halves = by_groups && words * n <= kSmallRight;
  if (by_columns) {
    CutColumns();
  } else if (!alone) {
    CutRows(sharers);
  }
  reads_a = kernel->reads_in_place &&
            !(a.transposed && kernel->packs_strided && (alone || n / groups >= kManyColumns));
  if (a.bf16 && kernel->reads_bf16) {
    const int64_t word = kernel->per_word;
    reads_a = !a.transposed && k % word == 0 && a.stride % word == 0;
  }
  shares_left = !alone && keeps_b && !reads_a && !a.transposed;
  if (shares_left) left_stride = LeftStride(words);
  reads_b = !keeps_b && kernel->reads_in_place && !b.transposed &&
            (product.pads_b || n == AllPanels().padded()) &&
            !(b.stride > kNear && kernel->packs_strided && !few_rows);
}

// In halves; in more parts where a small c has too few tiles. Its copies are small, too.
void Plan::SplitDepth() {
  constexpr int64_t kMostSplits = 8;
  splits = 2;
  const int64_t shares = SharesOf(WorkOf(m, n, k));
  if (shares == kFewShares) return;
  const int64_t tiles = CeilDiv(m, kLeastRows) * CeilDiv(n, kLeastColumns);
  while (splits < kMostSplits && splits * tiles < shares && k / (2 * splits) >= kLeastPart)
    splits *= 2;
}

void Plan::CutColumns() {
  constexpr int64_t kPacked = 128 * 1024;  // words of b in a tile: they leave room in L2
  constexpr int64_t kPanelColumns = 48;    // of whole panels, for vectors of any length
  constexpr int64_t kFewTiles = 8;
  constexpr int64_t kTileWork = 1024 * 1024;  // multiply-adds, some 10 us
  const bool by_panels = n > kFewTiles * kPanelColumns;
  const int64_t work = WorkOf(m, n, k), shares = SharesOf(work);
  // No more than 8 of a small product, but for panels: they are multiplied one by one anyway.
  const int64_t few = by_panels ? std::clamp(work / kTileWork, kFewTiles, kFewShares) : kFewTiles;
  const int64_t tiles = shares == kFewShares ? few : shares;
  const int64_t most = std::min(CeilDiv(n, tiles), kPacked / std::max<int64_t>(1, words));
  const int64_t least = CeilDiv(kLeastWork, std::max<int64_t>(1, m * k));
  const int64_t step = std::max<int64_t>({least, most, 1});
  // Whole panels where that is no great change, or where they are narrow; else whole vectors in
  // equal tiles.
  const int64_t least_columns = std::min<int64_t>(16, kernel->lanes * kernel->max_vectors);
  column_step =
      by_panels ? RoundUp(step, kPanelColumns) : RoundUp(EvenStep(n, step), least_columns);
}

// So many panels to a group that a's rows are read, and packed, for many, and so few that a tile
// of c stays in L2.
void Plan::CutRows(int64_t sharers) {
  constexpr int64_t kMostRows = 256;
  constexpr int64_t kMostColumns = 768;
  const int64_t work = WorkOf(m, n, k), all = SharesOf(work);
  int64_t shares = std::max<int64_t>(1, all / (splits * sharers));
  const int64_t least_groups = std::max<int64_t>(1, CeilDiv(n, kMostColumns));
  if (by_halves) shares = std::clamp<int64_t>(work / kLeastPackedWork, 1, kMostPackedShares);
  if (all == kFewShares && !by_halves) {
    const int64_t least = kLeastWork / std::max<int64_t>(1, n * k);
    const int64_t rows =
        std::max(least, std::clamp<int64_t>(CeilDiv(m, shares), kLeastRows, kMostRows));
    row_tiles = std::max<int64_t>(1, CeilDiv(m, rows));
    if (row_tiles > 1) row_tiles = RoundUp(row_tiles, 2);  // two threads end together
    groups = std::max(least_groups, std::min(shares / row_tiles, AllPanels().count() / 4));
    return;
  }
  // Of all ways to cut rows and columns, the one whose largest tiles are smallest: the last thread
  // ends first. More groups must pay for reading a's rows again.
  constexpr double kPays = 0.97;
  // Whole blocks, or some tiles would have no rows: those of AMX have 32.
  const int64_t least_rows = by_groups ? RoundUp(kLeastPackedRows, kernel->max_rows) : kLeastRows;
  const int64_t least_columns = by_groups ? kLeastPackedColumns : kLeastColumns;
  const int64_t most_groups = std::max(least_groups, n / least_columns);
  const int64_t blocks = CeilDiv(m, kernel->max_rows), panels = AllPanels().count();
  const int64_t most_rows = std::max<int64_t>(1, m / least_rows);
  double best = INFINITY;
  for (int64_t g = least_groups; g <= std::min(most_groups, panels); ++g) {
    const int64_t wanted = std::max(CeilDiv(shares, g), CeilDiv(m, kMostRows));
    int64_t r = std::clamp<int64_t>(wanted, 1, most_rows);
    if (by_halves && shares > 1 && most_rows > 1) r = std::min(RoundUp(r, 2), most_rows / 2 * 2);
    const double time = static_cast<double>(CeilDiv(r * g, shares) * CeilDiv(blocks, r)) *
                        static_cast<double>(CeilDiv(panels, g));
    if (time >= kPays * best) continue;
    best = time;
    row_tiles = r;
    groups = g;
  }
}

int64_t Plan::RightFloats() const {
  if (reads_b || keeps_b) return 0;
  const int64_t padded = AllPanels().padded();
  return (by_columns ? std::min(RoundUp(column_step, kernel->lanes), padded) : padded) * words;
}

int64_t Plan::MostFloats(const MatrixProduct& product) {
  const PackedKernel& kernel = KernelOf(product);
  const int64_t words = kernel.Words(product.k);
  return Panels(product.n, kernel).padded() * words +
         (product.m + kernel.max_rows) * LeftStride(std::min(kernel.depth, words));
}

int64_t Plan::LeftFloats() const {
  if (reads_a || shares_left) return 0;
  return RoundUp(MostRows(), kernel->max_rows) * left_stride;
}

int64_t Plan::TileFloats() const {
  const int64_t panels = CeilDiv(AllPanels().count(), groups);
  const int64_t columns = by_columns ? column_step : panels * kernel->lanes * kernel->max_vectors;
  return MostRows() * TileStride(std::min(columns, n));
}

int64_t Plan::MostRows() const {
  if (alone || by_columns) return m;
  if (!by_halves) return std::min(m, CeilDiv(m, row_tiles) + kernel->max_rows);
  // The second half may have more rows, and its last tile those besides that make no block.
  int64_t most = 0;
  for (int64_t i = 0; i < row_tiles; ++i) most = std::max(most, FirstRow(i + 1) - FirstRow(i));
  return most;
}

}  // namespace vitrine::gemm::packed
