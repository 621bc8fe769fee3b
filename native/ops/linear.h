#pragma once

#include <vector>

#include "gemm/product.h"
#include "ops/op.h"
#include "ops/pack_weight.h"

namespace vitrine::ops {

// y = act(x weight^T + bias) + residual. Of bfloat16, where the product reads such factors, may be
// x, and y with preactivation and residual.
struct LinearForward {
  Out<Floats> y;                      // (rows, out)
  OptionalOut<Floats> preactivation;  // (rows, out): x weight^T + bias, where backward needs it
  In<Floats> x;                       // (rows, in)
  In<float> weight;                   // (out, in)
  OptionalIn<float> bias;             // (out)
  OptionalIn<Floats> residual;        // (rows, out)
  OptionalIn<float> kept;             // the weight as PackWeight leaves it
  int64_t rows, in, out;
  int32_t activation;
  bool bf16;  // whether the product reads its factors rounded to bfloat16
  OP("linearForward", y, preactivation, x, weight, bias, residual, kept, rows, in, out, activation,
     bf16);
  bool Valid() const {
    return (bf16 || (!y.bf16 && !x.bf16)) && AreAlike(y, preactivation, residual) &&
           Holds(y, Product(rows, out)) && HoldsOrAbsent(preactivation, Product(rows, out)) &&
           Holds(x, Product(rows, in)) && Holds(weight, Product(out, in)) &&
           HoldsOrAbsent(bias, out) && HoldsOrAbsent(residual, Product(rows, out)) &&
           KeptOrAbsent(kept, out, in, bf16 ? gemm::Precision::kBf16 : gemm::Precision::kFp32);
  }

 private:
  // Bias, activation and residual on a tile of the product, which lies in y or, of bfloat16,
  // beside.
  void Finish(const gemm::Tile& tile) const;
  void FinishBf16(const gemm::Tile& tile) const;
  friend struct LinearInt8;
};

// The same in whole numbers of 8 bits: a weight's by output, as PackWeight has left them, and x's
// by row, which this finds. The sums have one value on every instruction set.
struct LinearInt8 {
  Out<float> y;                // (rows, out)
  In<float> x;                 // (rows, in)
  In<float> kept;              // of a weight (out, in)
  OptionalIn<float> bias;      // (out)
  OptionalIn<float> residual;  // (rows, out)
  int64_t rows, in, out;
  int32_t activation;
  OP("linearInt8", y, x, kept, bias, residual, rows, in, out, activation);
  // So many products of 255 * 127 fit 32 bits.
  static constexpr int64_t kMostIn = 64 * 1024;
  bool Valid() const {
    return in <= kMostIn && Holds(y, Product(rows, out)) && Holds(x, Product(rows, in)) &&
           Product(out, in) >= 0 && out <= INT32_MAX && kept.data != nullptr &&
           KeptOrAbsent(kept, out, in, gemm::Precision::kInt8) && HoldsOrAbsent(bias, out) &&
           HoldsOrAbsent(residual, Product(rows, out));
  }
};

// The gradients that are present are computed; `accumulate_*` adds to what is there instead of
// writing. (The residual's gradient is dy itself.) Of bfloat16, where the products read such
// factors, may be dx, x, and dy with dpreactivation and preactivation.
struct LinearBackward {
  OptionalOut<Floats> dx;              // (rows, in)
  OptionalOut<float> dweight;          // (out, in)
  OptionalOut<float> dbias;            // (out)
  OptionalOut<Floats> dpreactivation;  // (rows, out): workspace, needed with an activation
  In<Floats> dy;                       // (rows, out)
  In<Floats> x;                        // (rows, in), needed for dweight
  In<float> weight;                    // (out, in), needed for dx
  OptionalIn<Floats> preactivation;    // (rows, out), needed with an activation
  int64_t rows, in, out;
  int32_t activation;
  bool accumulate_dx, accumulate_dweight, accumulate_dbias;
  bool bf16;  // whether the products read their factors rounded to bfloat16
  OP("linearBackward", dx, dweight, dbias, dpreactivation, dy, x, weight, preactivation, rows, in,
     out, activation, accumulate_dx, accumulate_dweight, accumulate_dbias, bf16);
  bool Valid() const {
    const bool active = activation != 0;
    return (bf16 || (!dx.bf16 && !dy.bf16 && !x.bf16)) &&
           (!active || AreAlike(dy, dpreactivation, preactivation)) &&
           HoldsOrAbsent(dx, Product(rows, in)) && HoldsOrAbsent(dweight, Product(out, in)) &&
           HoldsOrAbsent(dbias, out) &&
           (!active || (Holds(dpreactivation, Product(rows, out)) &&
                        Holds(preactivation, Product(rows, out)))) &&
           Holds(dy, Product(rows, out)) && (dweight == nullptr || Holds(x, Product(rows, in))) &&
           (!dx || Holds(weight, Product(out, in)));
  }

 private:
  void MultiplyAndSum(Context& context, const std::vector<gemm::MatrixProduct>& products) const;
  // What goes row by row: the activation's gradient, and the bias's of these rows, (out).
  void TakeRows(int64_t row, int64_t count, float* partial) const;
};

}  // namespace vitrine::ops
