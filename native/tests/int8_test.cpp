// The int8 product's blocks, each instruction set's that this CPU has, against sums written out.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/packed_product_int8.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

using kernels::PackedKernel;

float Value(int64_t i, bool extreme) {
  if (extreme) return i % 3 == 0 ? 1.0f : -1.0f;  // all of them -127 or 127
  return static_cast<float>(i * 7919 % 2001 - 1000) / 1000.0f;
}

// Whole numbers and a factor, by the definition.
struct Row {
  std::vector<int32_t> values;
  float factor = 0;
};

Row Quantized(const float* x, int64_t n) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
  Row row{std::vector<int32_t>(n), largest / 127.0f};
  const float factor = largest == 0 ? 0 : 127.0f / largest;
  for (int64_t i = 0; i < n; ++i)
    row.values[i] = static_cast<int32_t>(std::nearbyint(x[i] * factor));
  return row;
}

// One block: `rows` by `width` over k.
void CheckBlock(const char* name, const PackedKernel& kernel, int64_t rows, int64_t width,
                int64_t k, bool extreme) {
  const int64_t words = kernel.Words(k), stride = words + 33;
  const int64_t vectors = (width + kernel.lanes - 1) / kernel.lanes;
  const int64_t padded = vectors * kernel.lanes;
  std::vector<float> a(rows * k), b(width * k), left(rows * stride), panel(padded * words);
  std::vector<float> factors(padded), c(rows * (width + 1), 7.0f);
  std::vector<int32_t> starts(padded);
  for (size_t i = 0; i < a.size(); ++i) a[i] = Value(static_cast<int64_t>(i), extreme);
  for (size_t i = 0; i < b.size(); ++i) b[i] = Value(static_cast<int64_t>(i) * 3 + 1, extreme);
  kernel.pack_left(left.data(), {a.data(), k, false}, rows, k, stride);
  PackInt8Panel(kernel, {panel.data(), factors.data(), starts.data()}, b.data(), k, k, width,
                padded);
  kernels::PackedBlock block{};
  block.a = left.data();
  block.row_stride = stride;
  block.step = 1;
  block.b = block.fetch = panel.data();
  block.b_step = padded;
  block.c = c.data();
  block.ldc = width + 1;
  block.words = words;
  block.rows = rows;
  block.width = width;
  block.column_starts = starts.data();
  block.column_factors = factors.data();
  kernel.block[rows - 1][vectors - 1](block);
  for (int64_t i = 0; i < rows; ++i) {
    const Row x = Quantized(a.data() + i * k, k);
    for (int64_t j = 0; j < width; ++j) {
      const Row y = Quantized(b.data() + j * k, k);
      int32_t sum = 0;
      for (int64_t p = 0; p < k; ++p) sum += x.values[p] * y.values[p];
      const float wanted = static_cast<float>(sum) * x.factor * y.factor;
      Expect(std::memcmp(&wanted, &c[i * (width + 1) + j], sizeof(wanted)) == 0,
             std::string(name) + ": element (" + std::to_string(i) + "," + std::to_string(j) +
                 ") of " + std::to_string(rows) + " x " + std::to_string(width) + " over " +
                 std::to_string(k));
    }
    Expect(c[i * (width + 1) + width] == 7.0f, std::string(name) + " keeps to its columns");
  }
}

void Int8BlocksGiveTheSumsOfWholeNumbers() {
  kernels::NamedKernel found[4];
  const int count = kernels::Int8Kernels(found);
  for (int i = 0; i < count; ++i) {
    const auto& [name, kernel] = found[i];
    const int64_t most = kernel.lanes * kernel.max_vectors;
    for (int64_t rows = 1; rows <= kernel.max_rows; ++rows) {
      for (const int64_t width : {int64_t{1}, kernel.lanes - 1, kernel.lanes, most - 1, most}) {
        for (const int64_t k : {1, 3, 4, 65, 130}) CheckBlock(name, kernel, rows, width, k, false);
      }
    }
    CheckBlock(name, kernel, kernel.max_rows, most, 1027, true);
  }
}

constexpr Test kTests[] = {
    {"int8 blocks give the sums of whole numbers", Int8BlocksGiveTheSumsOfWholeNumbers},
};

}  // namespace

std::span<const Test> Int8Tests() { return kTests; }

}  // namespace vitrine
