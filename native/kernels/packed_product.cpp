#include "kernels/packed_product.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_product.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Accumulators of a block must fit the registers, beside kVectors of b and one of a. 8 rows of 3
// vectors read 11 operands for 24 multiply-adds.
constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;
constexpr int kMaxVectors = kManyRegisters ? 3 : 2;
constexpr int MaxRows(int vectors) {
  if (kManyRegisters) return vectors == 3 ? 8 : 12;
  return vectors == 2 ? 6 : 8;
}
// Rows of b that are multiplied before c is added to. Measured on 1576 x 1536 x 384 and the like
// (Zen 5): 203 to 208 GFLOP/s, against 185 to 193 with 192, whose panels fit L1.
constexpr int64_t kDepth = 384;

int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(F32())); }
int64_t VectorsOf(int64_t n) { return (n + Lanes() - 1) / Lanes(); }

int64_t Panels(int64_t n) { return (VectorsOf(n) + kMaxVectors - 1) / kMaxVectors; }
int64_t Column(int64_t n, int64_t panel) {
  const int64_t panels = Panels(n);
  return panels == 0 ? 0 : VectorsOf(n) * panel / panels * Lanes();
}
int64_t LeftScratch(int64_t m) { return m * kDepth; }

// The panel's rows of columns [column, column + width), zeros past n.
void PackRows(float* out, const float* b, int64_t ldb, int64_t k, int64_t width, int64_t padded) {
  const F32 d;
  const int64_t lanes = Lanes();
  for (int64_t p = 0; p < k; ++p, b += ldb, out += padded) {
    int64_t j = 0;
    for (; j + lanes <= width; j += lanes) hn::StoreU(hn::LoadU(d, b + j), d, out + j);
    for (; j < width; ++j) out[j] = b[j];
    for (; j < padded; ++j) out[j] = 0;
  }
}

#if HWY_TARGET != HWY_SCALAR
// Four columns of as many rows as a vector has lanes: 128-bit block i holds row i * 4.
template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadBlocks(Tag tag, const float* x, int64_t ldx) {
  if constexpr (hn::MaxLanes(tag) == 4) {
    return hn::LoadU(tag, x);
  } else {
    const hn::Half<Tag> half;
    const int64_t rows = static_cast<int64_t>(hn::MaxLanes(half));
    return hn::Combine(tag, LoadBlocks(half, x + rows * ldx, ldx), LoadBlocks(half, x, ldx));
  }
}
#endif

// Likewise from b stored (n,k): each of its rows becomes a column of the panel.
void PackTransposed(float* out, const float* b, int64_t ldb, int64_t k, int64_t width,
                    int64_t padded) {
  int64_t whole_width = 0, whole_k = 0;
#if HWY_TARGET != HWY_SCALAR
  const F32 d;
  const hn::RepartitionToWide<F32> pair;
  const int64_t lanes = Lanes();
  whole_width = width / lanes * lanes;
  whole_k = k / 4 * 4;
  for (int64_t i = 0; i < whole_width; i += lanes) {
    for (int64_t p = 0; p < whole_k; p += 4) {
      const float* from = b + i * ldb + p;
      // 4x4 transposes, one in each 128-bit block.
      const VF row0 = LoadBlocks(d, from, ldb);
      const VF row1 = LoadBlocks(d, from + ldb, ldb);
      const VF row2 = LoadBlocks(d, from + 2 * ldb, ldb);
      const VF row3 = LoadBlocks(d, from + 3 * ldb, ldb);
      const auto low01 = hn::BitCast(pair, hn::InterleaveLower(d, row0, row1));
      const auto low23 = hn::BitCast(pair, hn::InterleaveLower(d, row2, row3));
      const auto high01 = hn::BitCast(pair, hn::InterleaveUpper(d, row0, row1));
      const auto high23 = hn::BitCast(pair, hn::InterleaveUpper(d, row2, row3));
      float* to = out + p * padded + i;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pair, low01, low23)), d, to);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pair, low01, low23)), d, to + padded);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pair, high01, high23)), d, to + 2 * padded);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pair, high01, high23)), d, to + 3 * padded);
    }
  }
#endif
  for (int64_t p = 0; p < k; ++p) {
    float* to = out + p * padded;
    for (int64_t i = p < whole_k ? whole_width : 0; i < width; ++i) to[i] = b[i * ldb + p];
    std::fill(to + width, to + padded, 0.0f);
  }
}

void Pack(float* out, const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k,
          int64_t begin, int64_t end) {
  for (int64_t panel = begin; panel < end; ++panel) {
    const int64_t column = Column(n, panel);
    const int64_t padded = Column(n, panel + 1) - column;
    const int64_t width = std::min(padded, n - column);
    float* to = out + column * k;
    if (transposed) {
      PackTransposed(to, b + column * ldb, ldb, k, width, padded);
    } else {
      PackRows(to, b + column, ldb, k, width, padded);
    }
  }
}

// What a block multiplies: a's rows and steps along k are so far apart; b is packed.
struct Operands {
  const float* a;
  int64_t row_stride, step;
  const float* b;
  float* c;
  int64_t ldc;
  int64_t k;
  int64_t width;  // columns of c, at most kVectors vectors
  bool accumulate;
};

template <int kRows, int kVectors>
void Block(const Operands& x) {
  const F32 d;
  constexpr int64_t lanes = hn::MaxLanes(F32());
  VF sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  const float* a = x.a;
  const float* b = x.b;
  const int64_t row_stride = x.row_stride;
  const int64_t step = x.step;
  for (int64_t p = 0; p < x.k; ++p) {
    VF row[kVectors];
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      const VF factor = Splat(a[r * row_stride]);
      HWY_UNROLL(16)
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(factor, row[v], sum[r][v]);
    }
    a += step;
    b += kVectors * lanes;
  }
  const auto store = [&](auto io, VF v, float* to) KERNEL_INLINE {
    io.Store(x.accumulate ? hn::Add(v, io.Load(to)) : v, to);
  };
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    float* c = x.c + r * x.ldc;
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      const int64_t left = x.width - v * lanes;
      if (left >= lanes) {
        store(Whole(), sum[r][v], c + v * lanes);
      } else if (left > 0) {
        store(Part{static_cast<size_t>(left)}, sum[r][v], c + v * lanes);
      }
    }
  }
}

using BlockFunction = void (*)(const Operands&);

template <int kVectors, int... kRows>
constexpr std::array<BlockFunction, sizeof...(kRows)> Blocks(std::integer_sequence<int, kRows...>) {
  return {&Block<kRows + 1, kVectors>...};
}

// The (k,m) of a transposed first factor as blocks of nearly equal height, k runs of its rows each.
void PackLeft(float* out, const float* a, int64_t lda, int64_t m, int64_t k, int64_t max_rows) {
  const int64_t blocks = (m + max_rows - 1) / max_rows;
  int64_t i = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t rows = (m - i) / (blocks - block);
    const float* from = a + i;
    if (rows == 8) {
      for (int64_t p = 0; p < k; ++p, from += lda, out += 8) std::copy_n(from, 8, out);
    } else {
      for (int64_t p = 0; p < k; ++p, from += lda, out += rows) {
        for (int64_t r = 0; r < rows; ++r) out[r] = from[r];
      }
    }
    i += rows;
  }
}

// All rows of c, and one panel of kVectors vectors, from x, its first block.
template <int kVectors>
void Panel(Operands x, int64_t m, bool packed_left, int64_t row_stride) {
  constexpr int kMaxRows = MaxRows(kVectors);
  static constexpr auto kBlocks = Blocks<kVectors>(std::make_integer_sequence<int, kMaxRows>());
  const int64_t blocks = (m + kMaxRows - 1) / kMaxRows;
  int64_t i = 0;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t rows = (m - i) / (blocks - block);
    if (packed_left) x.step = rows;
    kBlocks[rows - 1](x);
    x.a += packed_left ? rows * x.k : rows * row_stride;
    x.c += rows * x.ldc;
    i += rows;
  }
}

void Multiply(float* c, int64_t ldc, const LeftFactor& a, const float* packed, int64_t m, int64_t n,
              int64_t k, int64_t begin, int64_t end, bool accumulate, float* scratch) {
  if (k == 0 && !accumulate) {
    for (int64_t i = 0; i < m; ++i) {
      const int64_t first = Column(n, begin);
      std::fill(c + i * ldc + first, c + i * ldc + std::min(n, Column(n, end)), 0.0f);
    }
  }
  const int64_t chunks = (k + kDepth - 1) / kDepth;
  int64_t p = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t depth = (k - p) / (chunks - chunk);
    int vectors_packed_for = 0;
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t column = Column(n, panel);
      const int64_t padded = Column(n, panel + 1) - column;
      const int vectors = static_cast<int>(padded / Lanes());
      Operands x{a.data + p,
                 a.lda,
                 1,
                 packed + column * k + p * padded,
                 c + column,
                 ldc,
                 depth,
                 std::min(padded, n - column),
                 accumulate || chunk > 0};
      if (a.transposed) {
        // Packed again only where panels of another width take blocks of another height.
        if (vectors != vectors_packed_for) {
          PackLeft(scratch, a.data + p * a.lda, a.lda, m, depth, MaxRows(vectors));
          vectors_packed_for = vectors;
        }
        x.a = scratch;
        x.row_stride = 1;
      }
      if (vectors == 1) Panel<1>(x, m, a.transposed, a.lda);
      if (vectors == 2) Panel<2>(x, m, a.transposed, a.lda);
      if constexpr (kMaxVectors == 3) {
        if (vectors == 3) Panel<3>(x, m, a.transposed, a.lda);
      }
    }
    p += depth;
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

HWY_EXPORT(Panels);
HWY_EXPORT(Column);
HWY_EXPORT(LeftScratch);
HWY_EXPORT(Pack);
HWY_EXPORT(Multiply);

int64_t PackedPanels(int64_t n) noexcept { return HWY_DYNAMIC_DISPATCH(Panels)(n); }

int64_t PackedColumn(int64_t n, int64_t panel) noexcept {
  return HWY_DYNAMIC_DISPATCH(Column)(n, panel);
}

int64_t PackedLeftScratch(int64_t m) noexcept { return HWY_DYNAMIC_DISPATCH(LeftScratch)(m); }

void PackPanels(float* out, const float* b, int64_t ldb, bool transposed, int64_t n, int64_t k,
                int64_t begin, int64_t end) noexcept {
  HWY_DYNAMIC_DISPATCH(Pack)(out, b, ldb, transposed, n, k, begin, end);
}

void PackedMultiply(float* c, int64_t ldc, const LeftFactor& a, const float* packed, int64_t m,
                    int64_t n, int64_t k, int64_t begin, int64_t end, bool accumulate,
                    float* scratch) noexcept {
  HWY_DYNAMIC_DISPATCH(Multiply)(c, ldc, a, packed, m, n, k, begin, end, accumulate, scratch);
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
