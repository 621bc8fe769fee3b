#include "gemm/packed/multiply.h"

#include <algorithm>

namespace vitrine::gemm::packed {
namespace {

using kernels::PackedBlock;

// What the blocks of a panel fetch meanwhile: so many of them a share each, of a word or a cache
// line each step.
struct Fetch {
  const float* from = nullptr;
  int64_t between = 0, step = 0, count = 0;
};

// Shares of what is read next, which another core may have written, or nobody read so far: of the
// next panel a cache line of each step where it lies as stored, else a run.
Fetch FetchPanel(const Plan& plan, const Right& right, int64_t panel, int64_t word, int64_t depth,
                 int64_t blocks) {
  const float* from = right.At(panel, word);
  if (plan.reads_b) {
    return {from, plan.kernel->lanes, right.Step(panel), right.panels().Vectors(panel)};
  }
  const int64_t step = CeilDiv(right.panels().Padded(panel), blocks);
  return {from, depth * step, step, blocks};
}

// A part's rows of a over some steps along k, as its blocks read them.
struct Left {
  const float* data;
  int64_t row_stride, step, block_stride;
};

Left PackOrRead(const Plan& plan, const Factor& a, int64_t row, int64_t rows, int64_t first,
                int64_t depth, float* memory) {
  const PackedKernel& kernel = *plan.kernel;
  if (plan.shares_left) {
    return {memory + row * plan.left_stride + first, plan.left_stride, 1,
            kernel.max_rows * plan.left_stride};
  }
  const int64_t k = first * kernel.per_word;
  const Factor part =
      a.From(k * (a.transposed ? a.stride : 1) + row * (a.transposed ? 1 : a.stride));
  if (plan.reads_a) {
    const auto* from = static_cast<const float*>(part.data);  // words
    if (a.bf16) {
      const int64_t stride = a.stride / kernel.per_word;
      return {from, stride, 1, kernel.max_rows * stride};
    }
    return a.transposed ? Left{from, 1, a.stride, kernel.max_rows}
                        : Left{from, a.stride, 1, kernel.max_rows * a.stride};
  }
  kernel.pack_left(memory, part, rows, std::min(plan.k - k, depth * kernel.per_word),
                   plan.left_stride);
  return a.transposed && !kernel.left_by_rows
             ? Left{memory, 1, kernel.max_rows, kernel.max_rows * depth}
             : Left{memory, plan.left_stride, 1, kernel.max_rows * plan.left_stride};
}

// Rows of the next block, of so many that are left. The last two blocks share theirs: one of a row
// or two has fewer sums than the multipliers work on at a time, and takes as long as one of three.
int64_t RowsOfBlock(const PackedKernel& kernel, const Left& left, int64_t rows) {
  const bool anywhere = left.block_stride == kernel.max_rows * left.row_stride;
  if (!anywhere || rows <= kernel.max_rows || rows >= 2 * kernel.max_rows)
    return std::min<int64_t>(kernel.max_rows, rows);
  return RoundUp(CeilDiv(rows, 2), kernel.row_multiple);
}

// The blocks of one panel, the first of which `block` describes but for its rows and what it
// fetches; afterwards it is that of the last one's end. Not a copy: of fields that have just been
// written one by one, it waits for each to reach the cache.
void MultiplyPanel(const PackedKernel& kernel, PackedBlock& block, const Left& left,
                   const Fetch& fetch, int64_t rows, int64_t vectors) {
  for (int64_t row = 0, index = 0; row < rows; row += block.rows, ++index) {
    const int64_t count = RowsOfBlock(kernel, left, rows - row);
    block.rows = count;
    const bool fetches = index < fetch.count;
    block.fetch = fetches ? fetch.from + index * fetch.between : block.b;
    block.fetch_step = fetches ? fetch.step : 0;
    kernel.block[count - 1][vectors - 1](block);
    block.a += count == kernel.max_rows ? left.block_stride : count * left.row_stride;
    block.c += count * block.ldc;
    if (block.target != nullptr) block.target += count * block.target_row;
  }
}

// A kernel's begin and end, around its blocks.
class Prepared {
 public:
  explicit Prepared(const PackedKernel& kernel) : kernel_(kernel) {
    if (kernel_.begin != nullptr) kernel_.begin();
  }
  ~Prepared() {
    if (kernel_.end != nullptr) kernel_.end();
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

 private:
  const PackedKernel& kernel_;
};

}  // namespace

int64_t SharedLeftTiles(const Plan& plan) {
  return plan.shares_left ? CeilDiv(plan.m, plan.SharedLeftRows()) : 0;
}

void PackSharedLeft(const Plan& plan, const Factor& a, int64_t tile, float* left) {
  const int64_t row = tile * plan.SharedLeftRows();
  const int64_t rows = std::min(plan.SharedLeftRows(), plan.m - row);
  plan.kernel->pack_left(left + row * plan.left_stride, a.From(row * a.stride), rows, plan.k,
                         plan.left_stride);
}

void Multiply(const Plan& plan, const Factor& a, const Right& right, const Part& part, float* c,
              int64_t ldc, bool accumulate, float* left_memory, const Target& target) {
  if (part.rows == 0) return;
  const PackedKernel& kernel = *plan.kernel;
  const Panels& panels = right.panels();
  const int64_t words = part.last_word - part.first_word;
  const int64_t chunks = words <= kernel.depth ? 1 : CeilDiv(words, kernel.depth);
  const int64_t blocks = CeilDiv(part.rows, kernel.max_rows);
  // The rows of a that come next follow those that are read.
  const bool fetches_rows =
      kernel.fetches_rows && chunks == 1 && plan.reads_a && !a.transposed && a.stride == plan.k;
  const int64_t unit = kernel.word_multiple;
  const auto word_of = [&](int64_t chunk) {
    return part.first_word + (chunks == 1 ? words * chunk : words / unit * chunk / chunks * unit);
  };
  const Prepared prepared(kernel);
  PackedBlock block{};
  block.ldc = ldc;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t first = word_of(chunk);
    const int64_t depth = word_of(chunk + 1) - first;
    const Left left = PackOrRead(plan, a, part.row, part.rows, first, depth, left_memory);
    block.row_stride = left.row_stride;
    block.step = left.step;
    block.words = depth;
    block.accumulate = accumulate || chunk > 0;
    const void* const to = chunk == 0 ? target.data : nullptr;
    block.target_row = target.row;
    block.target_vector = kernel.lanes * target.element;
    for (int64_t panel = part.begin; panel < part.end; ++panel) {
      const int64_t column = panels.Column(panel) - panels.Column(part.begin);
      block.a = left.data;
      block.b = right.At(panel, first);
      block.b_step = right.Step(panel);
      block.c = c + column;
      block.width = panels.Width(panel);
      block.target =
          to == nullptr ? nullptr : static_cast<const char*>(to) + column * target.element;
      if (right.has_factors()) {
        block.column_factors = right.Factors(panel);
        block.column_starts = right.Starts(panel);
      }
      Fetch fetch;
      if (panel == part.begin && fetches_rows) {
        fetch = {left.data + left.block_stride, left.block_stride, kernel.max_rows, blocks - 1};
      } else if (panel + 1 < part.end) {
        fetch = FetchPanel(plan, right, panel + 1, first, depth, blocks);
      } else if (plan.keeps_b && chunk + 1 < chunks) {
        const int64_t next = word_of(chunk + 1);
        fetch = FetchPanel(plan, right, part.begin, next, word_of(chunk + 2) - next, blocks);
      } else if (plan.keeps_b && part.end < panels.count()) {
        fetch = FetchPanel(plan, right, part.end, part.first_word, word_of(1) - part.first_word,
                           blocks);
      }
      MultiplyPanel(kernel, block, left, fetch, part.rows, panels.Vectors(panel));
    }
  }
}

}  // namespace vitrine::gemm::packed
