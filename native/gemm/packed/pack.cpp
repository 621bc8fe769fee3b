#include "gemm/packed/pack.h"

#include <hwy/cache_control.h>

#include <algorithm>

namespace vitrine::gemm::packed {
namespace {

// Steps along k that are packed together; even, as pairs of them may be.
constexpr int64_t kSteps = 64;

// Steps along k of a panel of a transposed b that one tile packs: some microseconds, so that a
// weight of few panels, each of many steps, is shared out evenly as well.
int64_t StepsOfPanel(const PackedKernel& kernel) {
  const int64_t steps = CeilDiv(kElementsPerTile, kernel.lanes * kernel.max_vectors);
  return std::max(kSteps, RoundUp(steps, kSteps));
}

}  // namespace

void Right::Pack() const { PackPart(0, panels_.count(), 0, plan_->k, false); }

int64_t Right::Tiles() const {
  if (plan_->reads_b || plan_->keeps_b) return 0;
  return b_.transposed ? panels_.count() * CeilDiv(plan_->k, StepsOfPanel(*plan_->kernel))
                       : CeilDiv(plan_->k, kSteps);
}

void Right::PackTile(int64_t tile) const {
  // A write to what another core has read before takes 8 ns a cache line where the cores share no
  // cache, past the caches 1.5 (Zen 5; training steps take 0.93 to 1.00 of the time).
  constexpr uintptr_t kCacheLine = 64;
  const bool streams = reinterpret_cast<uintptr_t>(memory_) % kCacheLine == 0;
  if (b_.transposed) {
    const int64_t step = StepsOfPanel(*plan_->kernel);
    const int64_t parts = std::max<int64_t>(1, CeilDiv(plan_->k, step));
    const int64_t panel = tile / parts, first = tile % parts * step;
    PackPart(panel, panel + 1, first, std::min(step, plan_->k - first), streams);
  } else {
    PackRows(tile, streams);
  }
  if (streams) hwy::FlushStream();  // before other cores hear that the tile is done
}

// A few rows of b at a time, across all panels: they come from memory as they lie there.
void Right::PackRows(int64_t tile, bool streams) const {
  constexpr int64_t kRows = 8;
  const int64_t end = std::min(plan_->k, (tile + 1) * kSteps);
  for (int64_t first = tile * kSteps; first < end; first += kRows) {
    PackPart(0, panels_.count(), first, std::min(kRows, end - first), streams);
  }
}

void Right::PackPart(int64_t begin, int64_t end, int64_t first, int64_t steps, bool streams) const {
  const PackedKernel& kernel = *plan_->kernel;
  const int64_t column_stride = b_.transposed ? b_.stride : 1;
  const int64_t step_stride = b_.transposed ? 1 : b_.stride;
  for (int64_t panel = begin; panel < end; ++panel) {
    const int64_t column = panels_.Column(panel);
    const int64_t padded = panels_.Padded(panel);
    const Factor source = b_.From(column * column_stride + first * step_stride);
    float* const out = memory_ + column * plan_->words;
    kernel.pack_panel(out + kernel.ValueWords(first) * padded, source, steps, panels_.Width(panel),
                      padded, streams);
    if (first + steps == plan_->k)
      std::fill(out + kernel.ValueWords(plan_->k) * padded, out + plan_->words * padded, 0.0f);
  }
}

}  // namespace vitrine::gemm::packed
