#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// How many reductions there are.
int32_t RowReductionCount();

// y[row] = the reduction numbered `operation`, by its place in the table of row_reduce.cpp, of a
// row of x; those of integers read and write their bits. `index`, where there is one, is where the
// largest or smallest was found. Rows are reduced in chunks of a size of their own, put together in
// order, so that any number of threads leaves the same bits. An integer result that 32 bits do not
// hold fails the command, naming `site`.
struct RowReduce {
  Out<float> y;                // (rows)
  OptionalOut<int32_t> index;  // (rows)
  In<float> x;                 // (rows, width)
  int64_t rows, width;
  int32_t operation;
  float correction;  // of a variance: what is taken from the number of elements
  uint32_t site;
  OP("rowReduce", y, index, x, rows, width, operation, correction, site);
  bool Valid() const {
    return operation >= 0 && operation < RowReductionCount() && width <= INT32_MAX &&
           Holds(y, rows) && HoldsOrAbsent(index, rows) && Holds(x, Product(rows, width));
  }
};

}  // namespace vitrine::ops
