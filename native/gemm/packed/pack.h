#pragma once

#include <cstdint>

#include "gemm/packed/plan.h"

namespace vitrine::gemm::packed {

// b, or some of its columns, as blocks read it: packed into memory, or where it lies.
class Right {
 public:
  // `columns` of b from that of `b.data` on; `memory` holds as many floats as RightFloats() says,
  // or is what was kept.
  Right(const Plan& plan, int64_t columns, const Factor& b, float* memory)
      : plan_(&plan), panels_(plan.PanelsOf(columns)), b_(b), memory_(memory) {}

  const Panels& panels() const { return panels_; }
  const float* At(int64_t panel, int64_t word) const {
    const int64_t column = panels_.Column(panel);
    if (plan_->reads_b) return b_.floats() + word * b_.stride + column;
    return memory_ + column * plan_->words + word * panels_.Padded(panel);
  }
  // Behind all panels of whole numbers: what multiplies the sums of each column, and what they
  // begin with.
  bool has_factors() const { return plan_->has_factors; }
  const float* Factors(int64_t panel) const {
    return memory_ + panels_.padded() * plan_->words + panels_.Column(panel);
  }
  const int32_t* Starts(int64_t panel) const {
    return reinterpret_cast<const int32_t*>(Factors(panel) + panels_.padded());
  }
  // Words between the steps along k.
  int64_t Step(int64_t panel) const { return plan_->reads_b ? b_.stride : panels_.Padded(panel); }

  // Packs all of it, on this thread, for this thread.
  void Pack() const;

  // The same in tiles, any of which may be packed beside any other, for all threads.
  int64_t Tiles() const;
  void PackTile(int64_t tile) const;

 private:
  // Steps [first, first + steps) along k of panels [begin, end).
  void PackPart(int64_t begin, int64_t end, int64_t first, int64_t steps, bool streams) const;
  void PackRows(int64_t tile, bool streams) const;

  const Plan* plan_;
  Panels panels_;
  Factor b_;
  float* memory_;
};

}  // namespace vitrine::gemm::packed
