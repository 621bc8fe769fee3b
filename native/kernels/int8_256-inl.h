// Blocks of the int8 product on vectors of 256 bits, by the `Dot` of the namespace around: included
// once for each, inside its namespace and its instruction set.

constexpr int64_t kLanes = 8;
constexpr int kMaxVectors = 2;

template <int kRows, int kVectors>
void Block(const PackedBlock& x) {
  __m256i sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const auto* start = reinterpret_cast<const __m256i*>(x.column_starts + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sum[r][v] = _mm256_loadu_si256(start);
  }
  const float *a = x.a, *b = x.b, *fetch = x.fetch;
  for (int64_t p = 0; p < x.words; ++p) {
    __builtin_prefetch(fetch, 0, 2);
    fetch += x.fetch_step;
    __m256i row[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      row[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + v * kLanes));
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m256i factor = _mm256_castps_si256(_mm256_broadcast_ss(a + r * x.row_stride));
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) Dot::Add(sum[r][v], factor, row[v]);
    }
    a += x.step;
    b += x.b_step;
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const int64_t columns = std::clamp<int64_t>(x.width - v * kLanes, 0, kLanes);
    const __m256 column_factor = _mm256_loadu_ps(x.column_factors + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m256 row_factor = _mm256_broadcast_ss(x.a + (r + 1) * x.row_stride - 1);
      const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][v]), row_factor);
      alignas(32) float out[kLanes];
      _mm256_store_ps(out, _mm256_mul_ps(scaled, column_factor));
      std::copy_n(out, columns, x.c + r * x.ldc + v * kLanes);
    }
  }
}

template <int kRow>
void AddRow(PackedKernel& kernel) {
  kernel.block[kRow - 1][0] = &Block<kRow, 1>;
  kernel.block[kRow - 1][1] = &Block<kRow, 2>;
  if constexpr (kRow > 1) AddRow<kRow - 1>(kernel);
}

PackedKernel Kernel() {
  PackedKernel kernel = Int8Kernel(kLanes, kMaxVectors, Dot::kMaxRows, Dot::kIsUnsigned);
  AddRow<Dot::kMaxRows>(kernel);
  return kernel;
}
