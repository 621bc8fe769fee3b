#pragma once

#include <cstdint>
#include <vector>

#include "ops/op.h"

namespace vitrine::ops {

// y (count) = the indices of several axes, each (count), as one index into all of them, row-major.
// Those of axis k lie in [0, sizes[k]); where `from_end` is set they may count from the end, down
// to -sizes[k]. One outside fails the command, naming `site`; `operation` is a place in kIndexed.
struct CheckedIndex {
  Out<int32_t> y;
  std::vector<In<int32_t>> index;
  std::vector<int64_t> sizes;
  int64_t count;
  bool from_end;
  int32_t operation;
  uint32_t site;
  OP("checkedIndex", y, index, sizes, count, from_end, operation, site);
  bool Valid() const;
};

// What Gather and Scatter go over: rows of `inner` elements, `count` of them for each of `outer`
// blocks, and which of the `entries` rows of a table's block each is. `index` is
// (outer,count,inner) where each element has one, else (count).
//
// y (outer,count,inner) = table (outer,entries,inner)[index], of any 4-byte dtype. Where `winner`
// (outer,entries,inner) is given, y is 0 unless it is the winner's number: see Scatter.
struct Gather {
  Out<float> y;
  In<float> table;
  In<int32_t> index;
  OptionalIn<int32_t> winner;
  int64_t outer, count, entries, inner;
  bool each;
  OP("gather", y, table, index, winner, outer, count, entries, inner, each);
  bool Valid() const;
};

// table[index] = x, += x (of float32 or int32), or the number of x's element, rows in order: of
// several for one place the last counts. `mode` is a ScatterMode; kNumber needs no x.
struct Scatter {
  Out<float> table;
  OptionalIn<float> x;
  In<int32_t> index;
  int64_t outer, count, entries, inner;
  bool each;
  int32_t mode;
  OP("scatter", table, x, index, outer, count, entries, inner, each, mode);
  bool Valid() const;

 private:
  template <class Put>
  void Walk(Context& context, const Put& put);
};

// As SCATTER of lib/native.ts has them.
enum class ScatterMode : int32_t { kWrite = 0, kAdd = 1, kAddIntegers = 2, kNumber = 3 };

}  // namespace vitrine::ops
