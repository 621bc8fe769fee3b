#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gemm/product.h"
#include "runtime/context.h"

// The floor of all matrix products: an op describes what it wants multiplied, and gets it. Results
// do not depend on the number of threads.
namespace vitrine::gemm {

// What an op does besides: so many tiles, in a loop that products have anyway.
struct Beside {
  int64_t tiles = 0;
  TileBody body = {};
};

// Computes products that do not depend on each other, in loops that they share: each loop more is
// one more time that all threads wait. `now` goes with the loop that multiplies; `then` follows it,
// with the one that adds parts of k.
void Multiply(Context& context, std::span<const MatrixProduct> products, const Beside& now = {},
              const Beside& then = {});
inline void Multiply(Context& context, const MatrixProduct& product) {
  Multiply(context, {&product, 1});
}

// A product that one tile of an op computes for itself, on its own thread and in its own scratch,
// of so many floats: enough for any product that is no larger.
int64_t SerialScratch(const MatrixProduct& product);
void MultiplySerial(const MatrixProduct& product, float* scratch);
// Its b, as the kept_b of all such products with that b: KeptFloats() of them.
void PackSerial(const MatrixProduct& product, float* kept);

// A weight (n,k) that many products have in common, each as its transposed b, can be packed once
// for all of them: so many floats, and how they come about. It is as the instruction set wants it.
enum class Precision { kFp32, kBf16, kInt8 };
int64_t KeptFloats(int64_t n, int64_t k, Precision precision);
void PackWeight(Context& context, float* kept, const float* weight, int64_t n, int64_t k,
                Precision precision);

// Whether that pays: not where `m` rows are few and read b where it lies, where a library
// multiplies, or where rows are so many that packing is no part of it (under 2 %). A weight of
// whole numbers is always kept.
bool PaysToKeep(int64_t m, int64_t n, int64_t k, Precision precision);

// Who multiplies: "own kernels" and their instruction set, or the library that VITRINE_GEMM names.
struct Library {
  std::string name;     // "OpenBLAS 0.3.21"
  std::string core;     // the kernels it runs, "SkylakeX"
  std::string warning;  // one sentence when those are slower than the CPU could run, with the fix;
                        // else empty
};

// Loads the library if need be. Throws std::runtime_error with one clear sentence when VITRINE_GEMM
// names one that is unknown or that the system has not.
const Library& Load();

}  // namespace vitrine::gemm
