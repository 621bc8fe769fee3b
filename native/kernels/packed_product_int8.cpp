#include "kernels/packed_product_int8.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/packed_product_amx.h"
#include "kernels/quantize.h"
#include "runtime/cpu.h"

namespace vitrine::kernels {
namespace {

constexpr int kPlainLanes = 16;
constexpr int kPlainRows = 4;

// For every other CPU, as the compiler makes it.
void PlainBlock(const PackedBlock& x) {
  for (int64_t r = 0; r < x.rows; ++r) {
    const float* const a = x.a + r * x.row_stride;
    const float row_factor = a[x.row_stride - 1];
    for (int64_t first = 0; first < x.width; first += kPlainLanes) {
      int32_t sum[kPlainLanes];
      std::copy_n(x.column_starts + first, kPlainLanes, sum);
      for (int64_t p = 0; p < x.words; ++p) {
        int8_t left[4], right[4 * kPlainLanes];
        std::memcpy(left, a + p, sizeof(left));
        std::memcpy(right, x.b + p * x.b_step + first, sizeof(right));
        for (int j = 0; j < kPlainLanes; ++j) {
          for (int i = 0; i < 4; ++i) sum[j] += left[i] * right[4 * j + i];
        }
      }
      float* const c = x.c + r * x.ldc + first;
      const int64_t columns = std::min<int64_t>(kPlainLanes, x.width - first);
      for (int64_t j = 0; j < columns; ++j)
        c[j] = static_cast<float>(sum[j]) * row_factor * x.column_factors[first + j];
    }
  }
}

void PackLeft(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride, int flip) {
  for (int64_t i = 0; i < m; ++i) {
    float* const row = out + i * stride;
    auto* const bytes = reinterpret_cast<int8_t*>(row);
    const float factor = QuantizeRow(bytes, a.floats() + i * a.stride, k, flip);
    std::memset(bytes + k, 0, (stride - 1) * sizeof(float) - k);  // beside zeros of b
    row[stride - 1] = factor;
  }
}

}  // namespace

void PackInt8Left(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride) {
  PackLeft(out, a, m, k, stride, 0);
}

void PackInt8LeftUnsigned(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride) {
  PackLeft(out, a, m, k, stride, 0x80);
}

void PackInt8Panel(const PackedKernel& kernel, const Int8Panel& panel, const float* b,
                   int64_t stride, int64_t k, int64_t width, int64_t padded) {
  const int64_t words = kernel.Words(k);
  std::vector<int8_t> column(words * sizeof(float) + 64);
  for (int64_t j = 0; j < padded; ++j) {
    std::fill(column.begin(), column.end(), int8_t{0});
    panel.factors[j] = j < width ? QuantizeRow(column.data(), b + j * stride, k, 0) : 0.0f;
    std::fill(column.begin() + k, column.end(), int8_t{0});
    int32_t sum = 0;
    for (int64_t i = 0; i < k; ++i) sum += column[i];
    panel.starts[j] = kernel.is_unsigned ? -128 * sum : 0;
    for (int64_t p = 0; p < words; ++p)
      std::memcpy(panel.words + p * padded + j, column.data() + p * sizeof(float), sizeof(float));
  }
}

PackedKernel Int8Kernel(int64_t lanes, int max_vectors, int max_rows, bool is_unsigned) {
  PackedKernel kernel{};
  kernel.lanes = lanes;
  kernel.max_vectors = max_vectors;
  kernel.max_rows = max_rows;
  kernel.per_word = 4;
  kernel.depth = INT64_MAX;  // sums are not written before they are whole
  kernel.is_unsigned = is_unsigned;
  kernel.pack_left = is_unsigned ? &PackInt8LeftUnsigned : &PackInt8Left;
  return kernel;
}

namespace {

PackedKernel PlainKernel() {
  PackedKernel kernel = Int8Kernel(kPlainLanes, 2, kPlainRows, false);
  for (auto& row : kernel.block) std::fill(std::begin(row), std::end(row), &PlainBlock);
  return kernel;
}

PackedKernel Chosen() {
#if defined(__x86_64__)
  if (ActiveMatrixUnit() != MatrixUnit::kNone) return AmxInt8Kernel();
#endif
  NamedKernel found[4];
  const int count = Int8Kernels(found);
  // Of the instruction set that is active, not of the CPU's best.
  const bool any = ActiveIsa() == Isa::kAvx512;
  for (int i = 0; i < count; ++i) {
    const bool is_wide = found[i].kernel.lanes == 16 && i + 1 < count;
    if (any || (ActiveIsa() == Isa::kAvx2 && !is_wide) || i + 1 == count) return found[i].kernel;
  }
  return PlainKernel();
}

}  // namespace

int Int8Kernels(NamedKernel (&found)[4]) {
  int count = 0;
#if defined(__x86_64__)
  count = Int8KernelsOfX86(found);
#endif
  found[count++] = {"plain", PlainKernel()};
  return count;
}

const PackedKernel& PackedKernelInt8() noexcept {
  static const PackedKernel kernel = Chosen();
  return kernel;
}

}  // namespace vitrine::kernels
