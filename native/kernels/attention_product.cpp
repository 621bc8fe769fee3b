#include "kernels/attention_product.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_product.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/bfloat16-inl.h"
#include "kernels/block-inl.h"
#include "kernels/pack-inl.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Rows that another core may have written: half of them, where it computed half of the tokens. The
// processor's own fetching does not follow rows of a head, which lie apart.
template <class T>
HWY_INLINE void FetchRows(const T* x, int64_t ldx, int64_t rows, int64_t columns) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t i = 0; i < rows; ++i, x += ldx) {
    for (int64_t j = 0; j < columns; j += kLine) __builtin_prefetch(x + j, 0, 3);
  }
}
constexpr int64_t kAhead = 12;  // rows

void AttentionCopyRows(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                       int64_t columns, int64_t padded) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  for (int64_t i = 0; i < rows; ++i, out += ldo, x += ldx) {
    FetchRows(x + kAhead * ldx, ldx, 1, columns);
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) hn::StoreU(hn::LoadU(d, x + j), d, out + j);
    for (; j < columns; ++j) out[j] = x[j];
    for (; j < padded; ++j) out[j] = 0;
  }
}

template <class T>
HWY_INLINE void ScaleCopy(float* out, const T* x, int64_t ldx, int64_t rows, int64_t columns,
                          float scale) {
  for (int64_t i = 0; i < rows; ++i, out += columns, x += ldx) {
    FetchRows(x + kAhead * ldx, ldx, 1, columns);
    ForEachVector(columns, [&](auto io, size_t j) KERNEL_INLINE {
      io.Store(hn::Mul(Splat(scale), Get(io, x + j)), out + j);
    });
  }
}
void AttentionScaleCopy(float* out, const float* x, int64_t ldx, int64_t rows, int64_t columns,
                        float scale) {
  ScaleCopy(out, x, ldx, rows, columns, scale);
}
void AttentionScaleCopyBf16(float* out, const Bf16* x, int64_t ldx, int64_t rows, int64_t columns,
                            float scale) {
  ScaleCopy(out, x, ldx, rows, columns, scale);
}

void AttentionStoreBf16(Bf16* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                        int64_t columns, const float* row_scale) {
  WithRounding<Bf16>([&](auto rounding) KERNEL_INLINE {
    for (int64_t i = 0; i < rows; ++i, out += ldo, x += ldx) {
      const VF scale = Splat(row_scale != nullptr ? row_scale[i] : 1.0f);
      ForEachVector(columns, [&](auto io, size_t j) KERNEL_INLINE {
        PutResult(rounding, io, hn::Mul(scale, io.Load(x + j)), out + j);
      });
    }
  });
}

void AttentionPackTransposed(float* out, int64_t ldo, const float* x, int64_t ldx, int64_t rows,
                             int64_t columns, float scale) {
  constexpr int64_t kRows = kAttentionPad;
  for (int64_t i = 0; i < rows; i += kRows, out += kRows, x += kRows * ldx) {
    FetchRows(x + kRows * ldx, ldx, std::min(kRows, rows - i - kRows), columns);
    PackTransposed(out, ldo, x, ldx, std::min(kRows, rows - i), columns, kRows, scale);
  }
}

// What becomes of a block of a product before it is stored.
struct Finish {
  bool accumulate = false;           // start from c
  const float* row_scale = nullptr;  // (m) or null
  const float* p = nullptr;          // (m, ldc) or null: c = scale * p * (c - delta)
  const float* delta = nullptr;      // (m)
  float scale = 1;
};

constexpr int kMaxVectors = kManyRegisters ? 4 : 2;
constexpr int MaxRows(int vectors) {
  if (kManyRegisters) return vectors == 4 ? 6 : vectors == 3 ? 8 : 12;
  return vectors == 2 ? 6 : 8;
}

// kRows rows from row i of c, and kVectors vectors from column j.
template <bool kTransposeA, int kRows, int kVectors>
void Block(const AttentionProduct& x, const Finish& finish, int64_t i, int64_t j) {
  const F32 d;
  const int64_t lanes = hn::Lanes(d);
  float* c = x.c + i * x.ldc + j;
  VF sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = finish.accumulate ? hn::LoadU(d, c + r * x.ldc + v * lanes) : hn::Zero(d);
    }
  }
  const BlockLeft left =
      kTransposeA ? BlockLeft{x.a + i, 1, x.lda} : BlockLeft{x.a + i * x.lda, x.lda, 1};
  MultiplyBlock(sum, left, x.b + j, x.ldb, x.k, []() KERNEL_INLINE {});
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      VF out = sum[r][v];
      if (finish.row_scale != nullptr) out = hn::Mul(out, Splat(finish.row_scale[i + r]));
      if (finish.p != nullptr) {
        const VF p =
            hn::Mul(Splat(finish.scale), hn::LoadU(d, finish.p + (i + r) * x.ldc + j + v * lanes));
        out = hn::Mul(p, hn::Sub(out, Splat(finish.delta[i + r])));
      }
      hn::StoreU(out, d, c + r * x.ldc + v * lanes);
    }
  }
}

using BlockFunction = void (*)(const AttentionProduct&, const Finish&, int64_t, int64_t);

template <bool kTransposeA, int kVectors, int... kRows>
constexpr std::array<BlockFunction, sizeof...(kRows)> Blocks(std::integer_sequence<int, kRows...>) {
  return {&Block<kTransposeA, kRows + 1, kVectors>...};
}

// All rows of c, and kVectors vectors from column j.
template <bool kTransposeA, int kVectors>
void Panel(const AttentionProduct& x, const Finish& finish, int64_t j) {
  constexpr int kMaxRows = MaxRows(kVectors);
  static constexpr auto kBlocks =
      Blocks<kTransposeA, kVectors>(std::make_integer_sequence<int, kMaxRows>());
  const int64_t blocks = (x.m + kMaxRows - 1) / kMaxRows;
  int64_t i = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t rows = (x.m - i) / (blocks - block);
    kBlocks[rows - 1](x, finish, i, j);
    i += rows;
  }
}

template <bool kTransposeA>
void Panels(const AttentionProduct& x, const Finish& finish) {
  const int64_t lanes = hn::Lanes(F32());
  const int64_t vectors = (x.n + lanes - 1) / lanes;
  const int64_t panels = (vectors + kMaxVectors - 1) / kMaxVectors;
  int64_t vector = 0;
  for (int64_t panel = 0; panel < panels; ++panel) {
    const int64_t width = (vectors - vector) / (panels - panel);
    const int64_t j = vector * lanes;
    if (width == 1) Panel<kTransposeA, 1>(x, finish, j);
    if (width == 2) Panel<kTransposeA, 2>(x, finish, j);
    if constexpr (kMaxVectors == 4) {
      if (width == 3) Panel<kTransposeA, 3>(x, finish, j);
      if (width == 4) Panel<kTransposeA, 4>(x, finish, j);
    }
    vector += width;
  }
}

template <bool kTransposeA>
void Multiply(const AttentionProduct& x, const Finish& finish) {
  // Rows of b of which a panel stays in L1 while it goes down c: 128 of 256 bytes.
  constexpr int64_t kDepth = 128;
  const int64_t chunks = std::max<int64_t>(1, (x.k + kDepth - 1) / kDepth);
  int64_t p = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    AttentionProduct part = x;
    part.a += kTransposeA ? p * x.lda : p;
    part.b += p * x.ldb;
    part.k = (x.k - p) / (chunks - chunk);
    Finish part_finish = finish;
    if (chunk > 0) part_finish.accumulate = true;
    if (chunk + 1 < chunks) part_finish.row_scale = part_finish.p = nullptr;
    Panels<kTransposeA>(part, part_finish);
    p += part.k;
  }
}

void AttentionMultiply(const AttentionProduct& product, const float* row_scale) {
  Multiply<false>(product, Finish{.row_scale = row_scale});
}

void AttentionAddTransposed(const AttentionProduct& product) {
  Multiply<true>(product, Finish{.accumulate = true});
}

void AttentionScoreGradient(const AttentionProduct& product, const float* p, const float* delta,
                            float scale) {
  Multiply<false>(product, Finish{.p = p, .delta = delta, .scale = scale});
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(AttentionCopyRows);
KERNEL(AttentionScaleCopy);
KERNEL(AttentionScaleCopyBf16);
KERNEL(AttentionStoreBf16);
KERNEL(AttentionPackTransposed);
KERNEL(AttentionMultiply);
KERNEL(AttentionAddTransposed);
KERNEL(AttentionScoreGradient);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
