#include "ops/cumsum.h"

#include <algorithm>
#include <bit>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// Columns that one tile sums: their running sums stay in L1.
constexpr int64_t kColumns = 512;

// y = the running sums of so many columns of x, whose rows are `step` apart.
template <class Sum, class Load, class Store>
void SumColumns(float* y, const float* x, int64_t rows, int64_t columns, int64_t step,
                const Load& load, const Store& store) {
  Sum sums[kColumns] = {};
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t j = 0; j < columns; ++j) {
      sums[j] += load(x[row * step + j]);
      y[row * step + j] = store(sums[j]);
    }
  }
}

}  // namespace

void Cumsum::Run(Context& context) {
  if (Product(outer, size, inner) == 0) return;
  const int64_t columns = std::min(inner, kColumns);
  const int64_t pieces = CeilDiv(inner, columns);
  const int64_t first = backwards ? (size - 1) * inner : 0;
  const int64_t step = backwards ? -inner : inner;
  ForRows(context, outer * pieces, Product(size, columns), [&](int64_t begin, int64_t n) {
    for (int64_t piece = begin; piece < begin + n; ++piece) {
      const int64_t column = piece % pieces * columns;
      const int64_t at = piece / pieces * size * inner + column + first;
      const int64_t width = std::min(columns, inner - column);
      if (integers) {
        SumColumns<uint32_t>(
            y + at, x + at, size, width, step, [](float v) { return std::bit_cast<uint32_t>(v); },
            [](uint32_t sum) { return std::bit_cast<float>(sum); });
      } else {
        SumColumns<double>(
            y + at, x + at, size, width, step, [](float v) { return static_cast<double>(v); },
            [](double sum) { return static_cast<float>(sum); });
      }
    }
  });
}

}  // namespace vitrine::ops
