#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// y (count, width) = table (entries, width)[index]. An index that is no entry fails the command,
// naming `site`.
struct EmbeddingForward {
  static constexpr const char* kName = "embeddingForward";
  Out<float> y;
  In<float> table;
  In<int32_t> index;  // (count)
  int64_t count, entries, width;
  uint32_t site;
  template <class F>
  void Fields(F& f) {
    f(y, table, index, count, entries, width, site);
  }
  bool Valid() const {
    return Holds(y, Product(count, width)) && Holds(table, Product(entries, width)) &&
           Holds(index, count);
  }
  void Run(Context& context);
};

// dtable[index] += dy, rows in order, but for the entry `padding` (-1: there is none); dtable is
// zeroed first unless accumulating.
struct EmbeddingBackward {
  static constexpr const char* kName = "embeddingBackward";
  Out<float> dtable;
  In<float> dy;
  In<int32_t> index;
  int64_t count, entries, width, padding;
  bool accumulate;
  template <class F>
  void Fields(F& f) {
    f(dtable, dy, index, count, entries, width, padding, accumulate);
  }
  bool Valid() const {
    return Holds(dtable, Product(entries, width)) && Holds(dy, Product(count, width)) &&
           Holds(index, count);
  }
  void Run(Context& context);
};

}  // namespace vitrine::ops
