#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = (x' - mean) * rstd * weight + bias over the last axis, where x' = x + residual if there is
// one, else x. y and x may each be bfloat16 where there is no residual.
struct LayerNormForward {
  Out<Floats> y;                   // (rows, width)
  OptionalOut<float> sum;          // (rows, width): x + residual; present just when residual is
  Out<float> mean, rstd;           // (rows) each, for backward
  In<Floats> x;                    // (rows, width)
  OptionalIn<float> residual;      // (rows, width)
  OptionalIn<float> weight, bias;  // (width)
  int64_t rows, width;
  float eps;
  OP("layerNormForward", y, sum, mean, rstd, x, residual, weight, bias, rows, width, eps);
  bool Valid() const {
    return Holds(y, Product(rows, width)) && HoldsOrAbsent(sum, Product(rows, width)) &&
           Holds(mean, rows) && Holds(rstd, rows) && Holds(x, Product(rows, width)) &&
           HoldsOrAbsent(residual, Product(rows, width)) &&
           (sum == nullptr) == (residual == nullptr) && !((y.bf16 || x.bf16) && residual) &&
           HoldsOrAbsent(weight, width) && HoldsOrAbsent(bias, width);
  }
};

// dx = the gradient through the norm, plus dsum if present (the gradient that reaches x' past the
// norm; may be dx itself). dweight and dbias are added to when accumulating, else written. dx and
// dsum are bfloat16 where x is.
struct LayerNormBackward {
  Out<Floats> dx;                     // (rows, width)
  OptionalOut<float> dweight, dbias;  // (width)
  In<Floats> dy;                      // (rows, width), as y
  In<Floats> x;                       // (rows, width); x' of the forward
  In<float> mean, rstd;               // (rows)
  OptionalIn<float> weight;           // (width)
  OptionalIn<Floats> dsum;            // (rows, width)
  int64_t rows, width;
  bool accumulate;
  OP("layerNormBackward", dx, dweight, dbias, dy, x, mean, rstd, weight, dsum, rows, width,
     accumulate);
  bool Valid() const {
    return AreAlike(x, dx, dsum) && Holds(dx, Product(rows, width)) &&
           HoldsOrAbsent(dweight, width) && HoldsOrAbsent(dbias, width) &&
           Holds(dy, Product(rows, width)) && Holds(x, Product(rows, width)) && Holds(mean, rows) &&
           Holds(rstd, rows) && HoldsOrAbsent(weight, width) &&
           HoldsOrAbsent(dsum, Product(rows, width));
  }
};

}  // namespace vitrine::ops
