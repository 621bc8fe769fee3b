// The packed product of bfloat16 factors where the CPU has no products of them: the rounded numbers
// are packed as float32, and multiplied as such. It is for the same results, not for speed.
#include "kernels/packed_product.h"
#include "runtime/cpu.h"

namespace vitrine::kernels {
namespace {

float RoundedAt(const PackedSource& x, int64_t element) {
  return FloatOf(x.bf16 ? x.halves()[element] : Bf16Of(x.floats()[element]));
}

// Element (i, j) of the matrix that x is, or is transposed.
float RoundedAt(const PackedSource& x, int64_t i, int64_t j) {
  return RoundedAt(x, x.transposed ? j * x.stride + i : i * x.stride + j);
}

void PackPanel(float* out, const PackedSource& b, int64_t k, int64_t width, int64_t padded,
               bool /*streams*/) {
  for (int64_t p = 0; p < k; ++p, out += padded) {
    for (int64_t j = 0; j < padded; ++j) out[j] = j < width ? RoundedAt(b, p, j) : 0;
  }
}

void PackLeft(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t stride) {
  const int64_t block = PackedKernelFp32().max_rows;
  for (int64_t i = 0; i < m; ++i) {
    float* const row = a.transposed ? out + i / block * block * k + i % block : out + i * stride;
    for (int64_t p = 0; p < k; ++p) row[a.transposed ? p * block : p] = RoundedAt(a, i, p);
  }
}

PackedKernel Kernel() {
  PackedKernel kernel = PackedKernelFp32();
  kernel.pack_panel = &PackPanel;
  kernel.pack_left = &PackLeft;
  kernel.reads_in_place = false;
  kernel.packs_strided = true;
  kernel.fetches_rows = false;
  return kernel;
}

}  // namespace

#if defined(__x86_64__)
const PackedKernel& PackedKernelAvx512Bf16() noexcept;  // packed_product_bf16.cpp
#endif

const PackedKernel& PackedKernelBf16() noexcept {
#if defined(__x86_64__)
  if (HasBf16()) return PackedKernelAvx512Bf16();
#endif
  static const PackedKernel kernel = Kernel();
  return kernel;
}

}  // namespace vitrine::kernels
