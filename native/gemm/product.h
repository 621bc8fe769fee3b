#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/packed_product.h"
#include "runtime/bfloat16.h"

// What an op says of a matrix product. Who computes it, and in which tiles, is gemm's affair.
namespace vitrine::gemm {

// A factor as it lies: rows of its matrix `stride` elements apart, or, transposed, its columns.
using Factor = kernels::PackedSource;

// A part of c, and where it lies.
struct Tile {
  int64_t row, rows, column, columns;
  float* c;
  int64_t ldc;
};

// What becomes of each tile of c while it is warm: a borrowed callable, or nothing.
class Epilogue {
 public:
  Epilogue() = default;
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, Epilogue>)
      Epilogue(const F& f)  // NOLINT: implicit by design, as TileBody
      : object_(&f), call_([](const void* object, const Tile& tile) {
          (*static_cast<const F*>(object))(tile);
        }) {}
  void operator()(const Tile& tile) const {
    if (call_ != nullptr) call_(object_, tile);
  }

 private:
  const void* object_ = nullptr;
  void (*call_)(const void*, const Tile&) = nullptr;
};

// So many products of the same sizes, their matrices so far apart. With stride_b 0 they share b;
// with stride_c 0 they are summed, in order.
struct Batch {
  int64_t count = 1;
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;
};

// c (m,n) = a (m,k) b (k,n), or c plus that. m and n are positive.
struct MatrixProduct {
  int64_t m = 0, n = 0, k = 0;
  // Null where `bf16` is set and the epilogue takes each tile from scratch, where it lies until
  // that returns: for results that are stored as something else than float32.
  float* c = nullptr;
  int64_t ldc = 0;
  Factor a = {}, b = {};
  bool accumulate = false;
  // Whether the factors are bfloat16 or rounded to that; sums are float32.
  bool bf16 = false;
  // Whether they are whole numbers of 8 bits, b's by column and a's by row: b is kept, and all that
  // there is of it; nothing is added to c.
  bool int8 = false;
  // For an a that is transposed, when the rows of the ops around lie along k: halves of k are
  // multiplied where they were written, and then added.
  bool splits_depth = false;
  bool pads_b = false;  // whether rows of b may be read up to whole cache lines of columns
  // b as PackWeight() or PackSerial() has left it, or null. The bits are those of packing it in
  // passing.
  const float* kept_b = nullptr;
  Batch batch = {};
  // Where c is null, where the epilogue stores c's first element, rows ldc apart: it is fetched
  // meanwhile, or null.
  const Bf16* stored = nullptr;
  Epilogue epilogue = {};  // of one product, undivided along k
};

}  // namespace vitrine::gemm
