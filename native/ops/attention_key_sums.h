#pragma once

#include <cstdint>

#include "kernels/attention_product.h"
#include "kernels/elementwise.h"
#include "ops/attention_heads.h"
#include "ops/attention_tiles.h"
#include "ops/ranges.h"

namespace vitrine::ops {

// Where backward's tiles leave the gradients of keys and values, which are sums over queries. Where
// tiles share a head's queries, the first of them writes to the op's results, and each other one
// has sums of its own, which are added to those in order: the same bits on any number of threads.
// Results of bfloat16 are rounded once all is added; where tiles share no head, that is theirs to
// do.
class KeySums {
 public:
  // A head's dk or dv (M,D).
  struct Place {
    float* data;
    int64_t stride;
  };

  KeySums(Context& context, const AttentionBackward& op, int64_t parts)
      : op_(op),
        parts_(parts),
        first_(op.dk.bf16 ? 0 : 1),
        memory_(parts > 1 ? context.SharedScratch((parts - first_) * part_) : nullptr) {}

  // Whether results must be rounded by the tile that makes them.
  bool AreRoundedByTiles() const { return op_.dk.bf16 && parts_ == 1; }

  Place Keys(const Head& head) const { return Of(head, op_.dk, op_.layout_k, 0); }
  Place Values(const Head& head) const { return Of(head, op_.dv, op_.layout_v, part_ / 2); }

  // To be called when all tiles have run.
  void Add(Context& context) const {
    if (parts_ == 1) return;
    ForRows(context, op_.batch * op_.heads * op_.keys, 2 * parts_ * op_.width,
            [&](int64_t begin, int64_t count) {
              for (int64_t i = begin; i < begin + count; ++i) AddRow(i / op_.keys, i % op_.keys);
            });
  }

 private:
  Place Of(const Head& head, const Out<Floats>& out, const HeadLayout& layout,
           int64_t offset) const {
    if (head.part < first_) {
      return {out.floats() + HeadOffset(layout, head.b, head.h), layout.at[3]};
    }
    const int64_t item = head.b * op_.heads + head.h;
    return {memory_ + (head.part - first_) * part_ + offset + item * op_.keys * op_.width,
            op_.width};
  }

  void AddRow(int64_t item, int64_t key) const {
    const Head first{item / op_.heads, item % op_.heads};
    for (Head head = first; ++head.part < parts_;) {
      AddRow(Keys(first), Keys(head), key);
      AddRow(Values(first), Values(head), key);
    }
    if (!op_.dk.bf16) return;
    Round(op_.dk, op_.layout_k, first, Keys(first), key);
    Round(op_.dv, op_.layout_v, first, Values(first), key);
  }
  void Round(const Out<Floats>& out, const HeadLayout& layout, const Head& head, const Place& sums,
             int64_t key) const {
    const int64_t at = HeadOffset(layout, head.b, head.h) + key * layout.at[3];
    kernels::AttentionStoreBf16(out.halves() + at, 0, sums.data + key * sums.stride, 0, 1,
                                op_.width, nullptr);
  }
  void AddRow(const Place& to, const Place& from, int64_t key) const {
    float* const row = to.data + key * to.stride;
    kernels::Add(row, row, from.data + key * from.stride, op_.width);
  }

  const AttentionBackward& op_;
  const int64_t parts_;
  const int64_t part_ = 2 * op_.batch * op_.heads * op_.keys * op_.width;
  const int64_t first_;  // of the parts that lie in memory
  float* const memory_;  // (parts - first, 2, B,H,M,D)
};

// A backward pass, with its sums.
template <class Pass>
void RunWithKeySums(Context& context, const AttentionBackward& op) {
  const BackwardTiles tiles(op);
  const KeySums sums(context, op, tiles.query_parts());
  Pass::Run(context, Pass(op, sums), tiles);
  sums.Add(context);
}

}  // namespace vitrine::ops
