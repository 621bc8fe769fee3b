#include "ops/packed.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstdint>

#include "gemm/gemm.h"
#include "gemm/small.h"
#include "kernels/elementwise.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

using kernels::PackedBlock;
using kernels::PackedKernel;
using kernels::PackedSource;

// Where a kernel packs what it could read in place (all figures from Zen 3): a that is transposed
// if a tile has so many columns, 768 x 128 x 1576 takes 0.9 of the time then, with 32 columns 1.25
// times; also if it is for one thread alone, 0.62 for 48 products of 197 x 64 x 197. b if a has
// more than few rows, else it is 1.5 times the time for 16 x 768 x 768 and 1.27 times for 128 x 768
// x 9408, and if b's rows are not near each other: 384 of them would lie on more pages than the
// first table of those holds (64).
constexpr int64_t kManyColumns = 128;
constexpr int64_t kFewRows = 256;
constexpr int64_t kNear = 256;

// Multiply-adds, below which handing a tile to a thread costs more than a few percent of it.
constexpr int64_t kLeastWork = 512 * 1024;

// Columns of whole panels, for vectors of any length.
constexpr int64_t kPanelColumns = 48;

// Steps along k from which on halves of them are for different threads.
constexpr int64_t kLeastSplit = 128;

// Steps along k that are packed together; even, as pairs of them may be.
constexpr int64_t kPackedSteps = 64;

int64_t RoundUp(int64_t value, int64_t multiple) { return CeilDiv(value, multiple) * multiple; }

// Rows of b's stored matrix that stand for one column, or for one step along k, lie so far apart.
int64_t ColumnStride(const PackedSource& b) { return b.transposed ? b.stride : 1; }
int64_t DepthStride(const PackedSource& b) { return b.transposed ? 1 : b.stride; }

}  // namespace

bool PackedProduct::Pays(int64_t m, int64_t n, int64_t k) {
  constexpr int64_t kLeastRows = 12;
  const int64_t work = m * n * k;
  return work > 0 && (m >= kLeastRows || work <= gemm::kSmallProduct) && gemm::UsesPackedProducts();
}

PackedProduct::PackedProduct(const PackedKernel& kernel, int64_t m, int64_t n, int64_t k, float* c,
                             int64_t ldc, const PackedSource& a, const PackedSource& b,
                             bool accumulate)
    : kernel_(&kernel),
      m_(m),
      n_(n),
      k_(k),
      c_(c),
      ldc_(ldc),
      a_(a),
      b_(b),
      accumulate_(accumulate) {
  ChooseTiles();
}

PackedProduct PackedProduct::With(float* c, const float* a, const float* b) const {
  PackedProduct other = *this;
  other.c_ = c;
  other.a_.data = a;
  other.b_.data = b;
  return other;
}

void PackedProduct::ShareRight(int64_t products) {
  sharers_ = products;
  ChooseTiles();
}

void PackedProduct::SplitDepth() {
  if (!a_.transposed || k_ < kLeastSplit) return;
  splits_ = 2;
  ChooseTiles();
}

void PackedProduct::ChooseTiles() {
  if (by_columns()) {
    constexpr int64_t kPacked = 128 * 1024;  // words of b in a tile: they leave room in L2
    const int64_t most =
        std::min(CeilDiv(n_, 8), kPacked / std::max<int64_t>(1, kernel_->Words(k_)));
    const int64_t least = CeilDiv(kLeastWork, std::max<int64_t>(1, m_ * k_));
    step_ = std::max<int64_t>({least, most, 1});
    // Whole panels where that is no great change, or where they are narrow; else whole vectors in
    // equal tiles.
    const int64_t least_columns = std::min<int64_t>(16, kernel_->lanes * kernel_->max_vectors);
    const int64_t even = RoundUp(EvenStep(n_, step_), least_columns);
    step_ = n_ > 8 * kPanelColumns ? RoundUp(step_, kPanelColumns) : even;
    return;
  }
  // Equal shares, 16 of them if they are not too small.
  const int64_t shares = std::max<int64_t>(1, 16 / (splits_ * sharers_));
  const int64_t least = kLeastWork / std::max<int64_t>(1, n_ * k_);
  const int64_t rows = std::max(least, std::clamp<int64_t>(CeilDiv(m_, shares), 48, 256));
  row_tiles_ = std::max<int64_t>(1, CeilDiv(m_, rows));
  if (row_tiles_ > 1) row_tiles_ = RoundUp(row_tiles_, 2);  // two threads end together
  // So many panels that a's rows are read, and packed, for many, and so few that a tile of c stays
  // in L2.
  constexpr int64_t kMostColumns = 768;
  const int64_t wanted = std::min(shares / row_tiles_, panels() / 4);
  groups_ = std::max<int64_t>({1, CeilDiv(n_, kMostColumns), wanted});
}

bool PackedProduct::reads_a() const {
  if (!kernel_->reads_in_place) return false;
  return !(a_.transposed && kernel_->packs_strided && (alone_ || n_ / groups_ >= kManyColumns));
}

bool PackedProduct::reads_b() const {
  if (!kernel_->reads_in_place || b_.transposed || n_ % kernel_->lanes != 0) return false;
  return !(b_.stride > kNear && kernel_->packs_strided && m_ * sharers_ > kFewRows);
}

bool PackedProduct::by_columns() const { return m_ * sharers_ <= kFewRows && !a_.transposed; }

int64_t PackedProduct::panels() const { return CeilDiv(n_, kernel_->lanes * kernel_->max_vectors); }

int64_t PackedProduct::Column(int64_t panel) const {
  return CeilDiv(n_, kernel_->lanes) * panel / std::max<int64_t>(1, panels()) * kernel_->lanes;
}

int64_t PackedProduct::FirstRow(int64_t tile) const {
  return tile == row_tiles_ ? m_ : m_ * tile / row_tiles_ / kernel_->max_rows * kernel_->max_rows;
}

int64_t PackedProduct::PackedFloats() const {
  if (reads_b()) return 0;
  const int64_t columns = by_columns() ? std::min(step_, RoundUp(n_, kernel_->lanes)) : n_;
  return RoundUp(columns, kernel_->lanes) * kernel_->Words(k_);
}

int64_t PackedProduct::LeftScratch() const {
  if (reads_a()) return 0;
  const int64_t rows = by_columns() ? m_ : CeilDiv(m_, row_tiles_) + kernel_->max_rows;
  return RoundUp(rows, kernel_->max_rows) * LeftStride();
}

int64_t PackedProduct::LeftStride() const {
  return RoundUp(std::min(kernel_->depth, kernel_->Words(k_)), 32) + 16;  // odd in cache lines
}

int64_t PackedProduct::ScratchAlone(const PackedKernel& kernel, int64_t m, int64_t n, int64_t k) {
  const PackedProduct product(kernel, m, n, k, nullptr, 0, {}, {}, false);
  return RoundUp(n, kernel.lanes) * kernel.Words(k) +
         RoundUp(m, kernel.max_rows) * product.LeftStride();
}

void PackedProduct::RunAlone(float* scratch) {
  alone_ = true;
  packed_ = scratch;
  if (!reads_b()) PackPart(0, panels(), 0, k_);
  float* left = scratch + RoundUp(n_, kernel_->lanes) * kernel_->Words(k_);
  Multiply(c_, ldc_, {0, m_, 0, panels(), 0, kernel_->Words(k_)}, accumulate_, left);
}

int64_t PackedProduct::SharedScratch() const {
  return by_columns() ? 0 : PackedFloats() + RoundUp((splits_ - 1) * m_ * n_, 16);
}

int64_t PackedProduct::WorkerScratch() const {
  return LeftScratch() + (by_columns() ? PackedFloats() : 0);
}

int64_t PackedProduct::PackTiles() const {
  if (by_columns() || reads_b()) return 0;
  return b_.transposed ? panels() : CeilDiv(k_, kPackedSteps);
}

bool PackedProduct::Streams() const {
  // A write to what another core has read before takes 8 ns a cache line where the cores share no
  // cache, past the caches 1.5 (Zen 5; training steps take 0.93 to 1.00 of the time).
  constexpr uintptr_t kCacheLine = 64;
  return !alone_ && !by_columns() && reinterpret_cast<uintptr_t>(packed_) % kCacheLine == 0;
}

void PackedProduct::PackTile(int64_t index) const {
  PackSteps(index);
  if (Streams()) hwy::FlushStream();  // before other cores hear that the tile is done
}

void PackedProduct::PackSteps(int64_t index) const {
  if (b_.transposed) return PackPart(index, index + 1, 0, k_);
  // A few rows of b at a time, across all panels: they come from memory as they lie there.
  constexpr int64_t kRows = 8;
  const int64_t end = std::min(k_, (index + 1) * kPackedSteps);
  for (int64_t first = index * kPackedSteps; first < end; first += kRows) {
    PackPart(0, panels(), first, std::min(kRows, end - first));
  }
}

void PackedProduct::PackPart(int64_t begin, int64_t end, int64_t first, int64_t steps) const {
  const bool streams = Streams();
  for (int64_t panel = begin; panel < end; ++panel) {
    const int64_t column = Column(panel);
    const int64_t padded = Column(panel + 1) - column;
    const PackedSource source{b_.data + column * ColumnStride(b_) + first * DepthStride(b_),
                              b_.stride, b_.transposed};
    kernel_->pack_panel(packed_ + column * kernel_->Words(k_) + kernel_->Words(first) * padded,
                        source, steps, std::min(padded, n_ - column), padded, streams);
  }
}

int64_t PackedProduct::Tiles() const {
  return by_columns() ? CeilDiv(n_, step_) : splits_ * row_tiles_ * groups_;
}

Tile PackedProduct::RunTile(int64_t index, float* scratch) const {
  if (by_columns()) {
    const int64_t column = index * step_;
    PackedProduct part = *this;
    part.n_ = std::min(step_, n_ - column);
    part.b_.data += column * ColumnStride(b_);
    part.packed_ = scratch + LeftScratch();
    if (!part.reads_b()) part.PackPart(0, part.panels(), 0, k_);
    part.Multiply(c_ + column, ldc_, {0, m_, 0, part.panels(), 0, kernel_->Words(k_)}, accumulate_,
                  scratch);
    return {0, m_, column, part.n_};
  }
  const int64_t tiles = row_tiles_ * groups_;
  const int64_t split = index / tiles, tile = index % tiles;
  const int64_t row = FirstRow(tile / groups_), group = tile % groups_;
  Part part{row,
            FirstRow(tile / groups_ + 1) - row,
            panels() * group / groups_,
            panels() * (group + 1) / groups_,
            0,
            kernel_->Words(k_)};
  if (splits_ == 2) {
    const int64_t half = RoundUp(CeilDiv(k_, 2), 16) / kernel_->per_word;
    (split == 0 ? part.last_word : part.first_word) = half;
  }
  // The second half goes behind packed b.
  if (split == 0) {
    Multiply(c_, ldc_, part, accumulate_, scratch);
  } else {
    Multiply(packed_ + PackedFloats(), n_, part, false, scratch);
  }
  const int64_t column = Column(part.begin);
  return {row, part.rows, column, std::min(Column(part.end), n_) - column};
}

int64_t PackedProduct::AddTiles() const { return splits_ == 1 ? 0 : CeilDiv(m_, RowsPerTile(n_)); }

void PackedProduct::AddTile(int64_t index) const {
  const int64_t begin = index * RowsPerTile(n_), end = std::min(m_, begin + RowsPerTile(n_));
  const float* half = packed_ + PackedFloats();
  for (int64_t row = begin; row < end; ++row) {
    float* c = c_ + row * ldc_;
    kernels::Add(c, c, half + row * n_, n_);
  }
}

const float* PackedProduct::PanelOfB(int64_t panel, int64_t first_word) const {
  const int64_t column = Column(panel);
  if (reads_b()) return b_.data + first_word * b_.stride + column;
  return packed_ + column * kernel_->Words(k_) + first_word * (Column(panel + 1) - column);
}

// Shares of what is read next, which another core may have written, or nobody read so far: of the
// next panel a cache line of each step where it lies as stored, else a run.
PackedProduct::Fetch PackedProduct::FetchPanel(int64_t panel, int64_t first_word, int64_t words,
                                               int64_t blocks) const {
  const float* from = PanelOfB(panel, first_word);
  if (reads_b()) {
    const int64_t vectors = (Column(panel + 1) - Column(panel)) / kernel_->lanes;
    return {from, kernel_->lanes, b_.stride, vectors};
  }
  const int64_t step = CeilDiv(Column(panel + 1) - Column(panel), blocks);
  return {from, words * step, step, blocks};
}

void PackedProduct::Multiply(float* c, int64_t ldc, const Part& part, bool accumulate,
                             float* left) const {
  if (part.rows == 0) return;  // an empty batch in bfloat16; blocks must not be 0 below
  const PackedKernel& kernel = *kernel_;
  const int64_t words = part.last_word - part.first_word;
  const int64_t chunks = std::max<int64_t>(1, CeilDiv(words, kernel.depth));
  const int64_t blocks = CeilDiv(part.rows, kernel.max_rows);
  const bool reads_in_place = reads_a();
  const int64_t left_stride = LeftStride();
  // The rows of a that come next follow those that are read.
  const bool fetches_rows =
      kernel.fetches_rows && chunks == 1 && reads_in_place && !a_.transposed && a_.stride == k_;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t first = part.first_word + words * chunk / chunks;
    const int64_t depth = part.first_word + words * (chunk + 1) / chunks - first;
    const int64_t k = first * kernel.per_word;
    const float* chunk_a =
        a_.data + k * (a_.transposed ? a_.stride : 1) + part.row * (a_.transposed ? 1 : a_.stride);
    if (!reads_in_place) {
      kernel.pack_left(left, {chunk_a, a_.stride, a_.transposed}, part.rows,
                       std::min(k_ - k, depth * kernel.per_word), left_stride);
    }
    PackedBlock block{};
    // Of a as it is, or of its rows or blocks of rows as they were packed.
    block.row_stride = a_.transposed ? 1 : reads_in_place ? a_.stride : left_stride;
    block.step = !a_.transposed ? 1 : reads_in_place ? a_.stride : kernel.max_rows;
    const int64_t next_rows =
        kernel.max_rows * (a_.transposed && !reads_in_place ? depth : block.row_stride);
    block.ldc = ldc;
    block.words = depth;
    block.accumulate = accumulate || chunk > 0;
    for (int64_t panel = part.begin; panel < part.end; ++panel) {
      const int64_t column = Column(panel);
      const int64_t padded = Column(panel + 1) - column;
      const int64_t vectors = padded / kernel.lanes;
      block.a = reads_in_place ? chunk_a : left;
      block.b = PanelOfB(panel, first);
      block.b_step = reads_b() ? b_.stride : padded;
      block.c = c + part.row * ldc + column;
      block.width = std::min(padded, n_ - column);
      Fetch fetch{};
      if (panel == part.begin && fetches_rows) {
        fetch = {chunk_a + next_rows, next_rows, kernel.max_rows, blocks - 1};
      } else if (panel + 1 < part.end) {
        fetch = FetchPanel(panel + 1, first, depth, blocks);
      }
      for (int64_t index = 0; index < blocks; ++index) {
        const int64_t count =
            std::min<int64_t>(kernel.max_rows, part.rows - index * kernel.max_rows);
        const bool fetches = index < fetch.count;
        block.fetch = fetches ? fetch.from + index * fetch.between : block.b;
        block.fetch_step = fetches ? fetch.step : 0;
        kernel.block[count - 1][vectors - 1](block);
        block.a += next_rows;
        block.c += count * ldc;
      }
    }
  }
}

}  // namespace vitrine::ops
