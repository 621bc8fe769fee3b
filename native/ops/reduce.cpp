#include "ops/reduce.h"

#include <algorithm>

#include "kernels/bias.h"
#include "kernels/elementwise.h"
#include "ops/axes.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Widest run of outputs that one tile sums, so that its running sums stay in L1.
constexpr int64_t kWidest = 1024;
// Rows added up in float before their sum joins a longer one, so that the error does not grow with
// the length.
constexpr int64_t kRowsPerChunk = 256;
// Outputs from which on there are tiles enough without cutting the sums themselves.
constexpr int64_t kManyOutputs = 64;

// x as blocks (rows, width) of which the columns are summed: one for each index of the kept axes
// before it, and for each of those one per index of the reduced axes before it. Width is 1 when the
// last axis is reduced.
struct Plan {
  Axes<1> kept, reduced;
  int64_t rows = 1, width = 1;
  int64_t row_stride = 1;
  int64_t column_step, column_pieces;  // the cut of the width
  int64_t chunk, chunks;               // the cut of the rows
  int64_t outputs;                     // runs of outputs: kept indices by column pieces
  int64_t terms;                       // for each: reduced indices by chunks
  int64_t parts, terms_per_part;       // how they are shared out
};

// Of a shape that is not empty.
Plan MakePlan(const Dims& shape, const Dims& kept) {
  Plan plan;
  int64_t stride[Dims::kMax];
  int64_t count = 1;
  for (int i = shape.rank - 1; i >= 0; --i) {
    stride[i] = count;
    count *= shape.at[i];
  }
  for (int i = 0; i < shape.rank; ++i)
    (kept.at[i] ? plan.kept : plan.reduced).Append({shape.at[i], {stride[i]}});

  // x is contiguous, so an innermost stride of 1 tells which of the two has the last axis.
  auto& k = plan.kept;
  auto& r = plan.reduced;
  if (k.rank() > 0 && k[k.rank() - 1].stride[0] == 1) plan.width = k.Remove(k.rank() - 1).size;
  plan.row_stride = plan.width;
  if (r.rank() > 0 && r[r.rank() - 1].stride[0] == plan.width)
    plan.rows = r.Remove(r.rank() - 1).size;

  plan.column_step = std::min(plan.width, kWidest);
  plan.column_pieces = CeilDiv(plan.width, plan.column_step);
  plan.chunk = std::min(plan.rows, plan.width == 1 ? kElementsPerTile : kRowsPerChunk);
  plan.chunks = CeilDiv(plan.rows, plan.chunk);
  plan.outputs = plan.kept.count() * plan.column_pieces;
  plan.terms = plan.reduced.count() * plan.chunks;
  const int64_t work = plan.reduced.count() * plan.rows * plan.column_step;
  plan.parts =
      plan.outputs >= kManyOutputs
          ? 1
          : std::clamp<int64_t>(work / kElementsPerTile, 1, std::min(plan.terms, kMaxPartials));
  plan.terms_per_part = CeilDiv(plan.terms, plan.parts);
  plan.parts = CeilDiv(plan.terms, plan.terms_per_part);
  return plan;
}

// sum (columns) = the terms [begin, end) of a run of outputs at x.
void SumTerms(const Plan& plan, float* sum, float* chunk_sum, const float* x, int64_t columns,
              int64_t begin, int64_t end) {
  double scalar = 0;
  std::fill_n(sum, columns, 0.0f);
  for (int64_t term = begin; term < end; ++term) {
    int64_t at[1];
    plan.reduced.Locate(term / plan.chunks, at);
    const int64_t row = term % plan.chunks * plan.chunk;
    const int64_t rows = std::min(plan.chunk, plan.rows - row);
    const float* block = x + at[0] + row * plan.row_stride;
    if (plan.width == 1) {
      scalar += kernels::Sum(block, rows);
    } else {
      std::fill_n(chunk_sum, columns, 0.0f);
      kernels::ColumnSum(chunk_sum, block, rows, columns, plan.row_stride);
      kernels::Add(sum, sum, chunk_sum, columns);
    }
  }
  if (plan.width == 1) sum[0] = static_cast<float>(scalar);
}

void Finish(float* y, const float* sum, int64_t count, float scale, bool accumulate) {
  if (accumulate) {
    kernels::Axpy(y, sum, scale, count);
  } else {
    kernels::Scale(y, sum, scale, count);
  }
}

}  // namespace

bool Sum::Valid() const {
  if (shape.rank != kept.rank) return false;
  return Holds(x, shape.Count()) && Holds(y, KeptSizes().Count());
}

Dims Sum::KeptSizes() const {
  Dims sizes;
  for (int i = 0; i < shape.rank; ++i) {
    if (kept.at[i]) sizes.at[sizes.rank++] = shape.at[i];
  }
  return sizes;
}

void Sum::Run(Context& context) {
  if (shape.Count() == 0) {
    // The scale of a mean over nothing is infinite: NaN, as PyTorch has it.
    if (!accumulate) std::fill_n(y.data, KeptSizes().Count(), 0.0f * scale);
    return;
  }
  const Plan plan = MakePlan(shape, kept);
  context.ReserveScratch(2 * plan.column_step);
  float* partials = plan.parts > 1
                        ? context.SharedScratch(plan.outputs * plan.parts * plan.column_step)
                        : nullptr;

  struct Output {
    int64_t at_x, at_y, columns;
  };
  const auto locate = [&](int64_t output) {
    int64_t at[1];
    plan.kept.Locate(output / plan.column_pieces, at);
    const int64_t column = output % plan.column_pieces * plan.column_step;
    return Output{at[0] + column, output / plan.column_pieces * plan.width + column,
                  std::min(plan.column_step, plan.width - column)};
  };
  const int64_t work = CeilDiv(plan.reduced.count() * plan.rows * plan.column_step, plan.parts);
  ForRanges(context, plan.outputs * plan.parts, RowsPerTile(work),
            [&](int64_t begin, int64_t end, int worker) {
              float* sum = context.Scratch(worker);
              for (int64_t i = begin; i < end; ++i) {
                const Output output = locate(i / plan.parts);
                const int64_t term = i % plan.parts * plan.terms_per_part;
                float* into = partials ? partials + i * plan.column_step : sum;
                SumTerms(plan, into, sum + plan.column_step, x + output.at_x, output.columns, term,
                         std::min(plan.terms, term + plan.terms_per_part));
                if (!partials) Finish(y + output.at_y, sum, output.columns, scale, accumulate);
              }
            });
  if (!partials) return;
  ForRows(context, plan.outputs, plan.parts * plan.column_step, [&](int64_t begin, int64_t n) {
    for (int64_t i = begin; i < begin + n; ++i) {
      const Output output = locate(i);
      float* first = partials + i * plan.parts * plan.column_step;
      for (int64_t part = 1; part < plan.parts; ++part) {
        kernels::Add(first, first, first + part * plan.column_step, output.columns);
      }
      Finish(y + output.at_y, first, output.columns, scale, accumulate);
    }
  });
}

}  // namespace vitrine::ops
