#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y (count, width) = table (entries, width)[index]. An index that is no entry fails the command,
// naming `site`.
struct EmbeddingForward {
  Out<float> y;
  In<float> table;
  In<int32_t> index;  // (count)
  int64_t count, entries, width;
  uint32_t site;
  OP("embeddingForward", y, table, index, count, entries, width, site);
  bool Valid() const {
    return Holds(y, Product(count, width)) && Holds(table, Product(entries, width)) &&
           Holds(index, count);
  }
};

// dtable[index] += dy, rows in order, but for the entry `padding` (-1: there is none); dtable is
// zeroed first unless accumulating.
struct EmbeddingBackward {
  Out<float> dtable;
  In<float> dy;
  In<int32_t> index;
  int64_t count, entries, width, padding;
  bool accumulate;
  OP("embeddingBackward", dtable, dy, index, count, entries, width, padding, accumulate);
  bool Valid() const {
    return Holds(dtable, Product(entries, width)) && Holds(dy, Product(count, width)) &&
           Holds(index, count);
  }
};

}  // namespace vitrine::ops
