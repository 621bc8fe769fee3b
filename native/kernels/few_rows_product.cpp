#include "kernels/few_rows_product.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/few_rows_product.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Rows of b that are read together, so that additions do not wait for each other, and rows of a
// whose sums fit the registers beside them.
constexpr int kColumns = 4;
constexpr int kMaxRows = kManyRegisters ? 6 : 2;

HWY_INLINE void Put(float* to, float sum, bool accumulate) { *to = accumulate ? *to + sum : sum; }

#if HWY_TARGET != HWY_SCALAR
using F4 = hn::FixedTag<float, 4>;

// The sum of a vector's blocks of four lanes.
template <class D>
HWY_INLINE hn::Vec<F4> SumOfBlocks(D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(d) == 4) {
    return v;
  } else {
    const hn::Half<D> half;
    return SumOfBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// The sums of four vectors' lanes.
HWY_INLINE hn::Vec<F4> SumsOfLanes(const VF (&v)[kColumns]) {
  const F32 d;
  const hn::RepartitionToWide<F32> pair;
  const auto low = hn::BitCast(
      pair, hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1])));
  const auto high = hn::BitCast(
      pair, hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3])));
  return SumOfBlocks(d, hn::Add(hn::BitCast(d, hn::InterleaveLower(pair, low, high)),
                                hn::BitCast(d, hn::InterleaveUpper(pair, low, high))));
}
#endif

HWY_INLINE void PutSums(float* to, const VF (&v)[kColumns], bool accumulate) {
#if HWY_TARGET == HWY_SCALAR
  for (int j = 0; j < kColumns; ++j) Put(to + j, hn::GetLane(v[j]), accumulate);
#else
  const F4 d;
  const auto sums = SumsOfLanes(v);
  hn::StoreU(accumulate ? hn::Add(sums, hn::LoadU(d, to)) : sums, d, to);
#endif
}

// kRows rows of c, and four columns or one.
template <int kRows, int kWidth>
void Block(const FewRows& x) {
  VF sum[kRows][kWidth];
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(4)
    for (int j = 0; j < kWidth; ++j) sum[r][j] = hn::Zero(F32());
  }
  ForEachVector(x.k, [&](auto io, size_t p) KERNEL_INLINE {
    VF b[kWidth];
    HWY_UNROLL(4)
    for (int j = 0; j < kWidth; ++j) b[j] = io.Load(x.b + j * x.ldb + p);
    HWY_UNROLL(8)
    for (int r = 0; r < kRows; ++r) {
      const VF a = io.Load(x.a + r * x.lda + p);
      HWY_UNROLL(4)
      for (int j = 0; j < kWidth; ++j) sum[r][j] = hn::MulAdd(a, b[j], sum[r][j]);
    }
  });
  HWY_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    float* c = x.c + r * x.ldc;
    if constexpr (kWidth == kColumns) {
      PutSums(c, sum[r], x.accumulate);
    } else {
      Put(c, hn::GetLane(hn::SumOfLanes(F32(), sum[r][0])), x.accumulate);
    }
  }
}

template <int kWidth, int kRows = kMaxRows>
HWY_INLINE void BlockOf(int64_t rows, const FewRows& x) {
  if constexpr (kRows == 1) {
    Block<1, kWidth>(x);
  } else {
    rows == kRows ? Block<kRows, kWidth>(x) : BlockOf<kWidth, kRows - 1>(rows, x);
  }
}

// All rows of c at some columns, whose rows of b stay in L1 meanwhile.
template <int kWidth>
HWY_INLINE void Columns(const FewRows& x, int64_t column) {
  const int64_t blocks = (x.m + kMaxRows - 1) / kMaxRows;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t row = x.m * block / blocks;
    FewRows part = x;
    part.a += row * x.lda;
    part.b += column * x.ldb;
    part.c += row * x.ldc + column;
    BlockOf<kWidth>(x.m * (block + 1) / blocks - row, part);
  }
}

void FewRowsProduct(const FewRows& product) {
  int64_t column = 0;
  for (; column + kColumns <= product.n; column += kColumns) Columns<kColumns>(product, column);
  for (; column < product.n; ++column) Columns<1>(product, column);
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(FewRowsProduct);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
