#pragma once

#include <cstdint>
#include <memory>

#include "gemm/gemm.h"
#include "gemm/product.h"

namespace vitrine::gemm {

// How a provider computes a product: three loops, one after the other, over tiles that may run in
// any order and beside those of other products. gemm.cpp runs them.
class Loops {
 public:
  virtual ~Loops() = default;

  // Floats that all tiles share, and that each worker has for itself.
  virtual int64_t SharedScratch() const { return 0; }
  virtual int64_t WorkerScratch() const { return 0; }

  virtual int64_t PackTiles() const { return 0; }
  virtual void Pack(int64_t /*tile*/, float* /*shared*/) const {}

  virtual int64_t MultiplyTiles() const = 0;
  virtual void Multiply(int64_t tile, float* shared, float* own) const = 0;

  virtual int64_t AddTiles() const { return 0; }
  virtual void Add(int64_t /*tile*/, float* /*shared*/) const {}
};

// Who computes products. Batches are shared out by its loops, unless one at a time is better.
struct Provider {
  std::unique_ptr<Loops> (*loops)(const MatrixProduct& product);
  // A whole product, not a batch, on the calling thread, with scratch of SerialScratch().
  void (*serial)(const MatrixProduct& product, float* scratch);
};

// gemm/packed: register blocks over packed factors, for every product and instruction set.
extern const Provider kPacked;
// gemm/few_rows.cpp: reads a weight once, where it lies.
extern const Provider kFewRows;
// gemm/library.cpp: the library that VITRINE_GEMM names.
extern const Provider kLibrary;

// A library's c = op(a) op(b), or c plus that. Row-major; serial.
using Sgemm = void(const MatrixProduct& product);

struct LibraryFunctions {
  Library library;
  Sgemm* sgemm = nullptr;
  int64_t largest = 0;  // the largest size or row stride that its interface can be told
};

// Both throw std::runtime_error, with one clear sentence, when the library cannot be used.
LibraryFunctions OpenCblas();
LibraryFunctions OpenOneDnn();

// The one that VITRINE_GEMM names; without functions where it names none. Throws as they do, or
// where the name is unknown.
const LibraryFunctions& Chosen();

// Which provider serves which product: gemm/table.cpp.
const Provider& ProviderOf(const MatrixProduct& product);

}  // namespace vitrine::gemm
