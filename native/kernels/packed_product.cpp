#include "kernels/packed_product.h"

#include <algorithm>
#include <cstring>

#include "kernels/per_isa.h"
#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_product.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/block-inl.h"
#include "kernels/fetch.h"
#include "kernels/pack-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// 8 rows of 3 vectors read 11 operands for 24 multiply-adds.
constexpr int kMaxVectors = kManyRegisters ? 3 : 2;
constexpr int kMaxRows = kManyRegisters ? 8 : 6;
// Measured on 1576 x 1536 x 384 and the like (Zen 5): 203 to 208 GFLOP/s, against 185 to 193 with
// 192, whose panels fit L1.
constexpr int64_t kDepth = 384;
// With short vectors, steps along k that lie far apart are packed, and the rows of a that come next
// fetched (Zen 3: 0.74 to 0.93 of the time for the products of S/16's backward, 0.88 for those of
// attention's probabilities with the values; Zen 5 with long vectors did not gain from packing).
constexpr bool kPacksStrided = !kManyRegisters;
constexpr bool kFetchesRows = !kManyRegisters;
// c's cache lines are fetched while the block is computed, else its stores wait for them: 0.97 of
// the time for the linear layers of Ti/16 (Zen 3). Not measured on ARM.
constexpr bool kFetchesTarget = HWY_ARCH_X86;

// Whether panels may be written past the caches: where a vector is a whole cache line.
constexpr bool kStreams = HWY_TARGET == HWY_AVX3;

template <int kRows, int kVectors>
void Block(const PackedBlock& x) {
  const F32 d;
  constexpr int64_t lanes = hn::MaxLanes(F32());
  VF sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  const float* fetch = x.fetch;
  int64_t done = 0;
  if (kFetchesTarget && x.target != nullptr) {
    // A row at each of the first steps: all at once would hold up what those read.
    const char* row = x.target;
    done = std::min<int64_t>(kRows, x.words);
    MultiplyBlock(sum, {x.a, x.row_stride, x.step}, x.b, x.b_step, done, [&]() KERNEL_INLINE {
      __builtin_prefetch(fetch, 0, 2);
      fetch += x.fetch_step;
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) FetchToWrite(row + v * x.target_vector);
      row += x.target_row;
    });
  }
  MultiplyBlock(sum, {x.a + done * x.step, x.row_stride, x.step}, x.b + done * x.b_step, x.b_step,
                x.words - done, [&]() KERNEL_INLINE {
                  __builtin_prefetch(fetch, 0, 2);
                  fetch += x.fetch_step;
                });
  // Copies, as a store might change x for all that the compiler knows.
  float* c = x.c;
  const int64_t ldc = x.ldc, width = x.width;
  const bool accumulate = x.accumulate;
  const auto store = [&](auto io, VF v, float* to)
                         KERNEL_INLINE { io.Store(accumulate ? hn::Add(v, io.Load(to)) : v, to); };
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r, c += ldc) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      const int64_t left = width - v * lanes;
      if (left >= lanes) {
        store(Whole(), sum[r][v], c + v * lanes);
      } else if (left > 0) {
        store(Part{static_cast<size_t>(left)}, sum[r][v], c + v * lanes);
      }
    }
  }
}

void PackPanel(float* out, const PackedSource& b, int64_t k, int64_t width, int64_t padded,
               bool streams) {
  if (b.transposed) {
    return streams && kStreams
               ? PackTransposed<true>(out, padded, b.floats(), b.stride, width, k, padded, 1)
               : PackTransposed<false>(out, padded, b.floats(), b.stride, width, k, padded, 1);
  }
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const float* from = b.floats();
  for (int64_t p = 0; p < k; ++p, from += b.stride, out += padded) {
    for (int64_t j = 0; j < padded; j += lanes) {
      if (j + lanes <= width) {
        Whole().Store(Whole().Load(from + j), out + j);
      } else {
        Whole().Store(Part{static_cast<size_t>(std::max<int64_t>(0, width - j))}.Load(from + j),
                      out + j);
      }
    }
  }
}

// Of an a that is transposed; another is read where it is.
void PackLeft(float* out, const PackedSource& a, int64_t m, int64_t k, int64_t /*stride*/) {
  constexpr int64_t kSteps = 8;  // of which blocks of rows are written in turn
  const float* const data = a.floats();
  for (int64_t first = 0; first < k; first += kSteps) {
    const int64_t last = std::min(k, first + kSteps);
    int64_t i = 0;
    for (; i + kMaxRows <= m; i += kMaxRows) {
      for (int64_t p = first; p < last; ++p) {
        std::memcpy(out + i * k + p * kMaxRows, data + p * a.stride + i, kMaxRows * sizeof(float));
      }
    }
    for (int64_t p = first; p < last; ++p) {
      for (int64_t r = 0; i + r < m; ++r)
        out[i * k + p * kMaxRows + r] = data[p * a.stride + i + r];
    }
  }
}

template <int kRow>
void AddRow(PackedKernel& kernel) {
  kernel.block[kRow - 1][0] = &Block<kRow, 1>;
  kernel.block[kRow - 1][1] = &Block<kRow, 2>;
  if constexpr (kMaxVectors > 2) kernel.block[kRow - 1][2] = &Block<kRow, 3>;
  if constexpr (kRow > 1) AddRow<kRow - 1>(kernel);
}

PackedKernel Kernel() {
  PackedKernel kernel{};
  kernel.lanes = static_cast<int64_t>(hn::Lanes(F32()));
  kernel.max_vectors = kMaxVectors;
  kernel.max_rows = kMaxRows;
  kernel.per_word = 1;
  kernel.depth = kDepth;
  kernel.pack_panel = &PackPanel;
  kernel.pack_left = &PackLeft;
  kernel.reads_in_place = true;
  kernel.packs_strided = kPacksStrided;
  kernel.fetches_rows = kFetchesRows;
  AddRow<kMaxRows>(kernel);
  return kernel;
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(Kernel);

const PackedKernel& PackedKernelFp32() noexcept {
  static const PackedKernel kernel = Kernel();
  return kernel;
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
