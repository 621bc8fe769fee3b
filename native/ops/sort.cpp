#include "ops/sort.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

constexpr uint32_t kSign = 0x80000000u;

// Numbers that are in order as their elements are.
uint32_t KeyOf(float value, bool integers) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (integers) return bits ^ kSign;
  const uint32_t magnitude = bits & ~kSign;
  if (magnitude > 0x7f800000u) return std::numeric_limits<uint32_t>::max();  // NaN
  if (magnitude == 0) bits = 0;
  return bits & kSign ? ~bits : bits | kSign;
}

}  // namespace

bool Sort::Valid() const {
  // 64-bit scratch takes the place of two floats, and an index has 31 bits.
  return kept >= 0 && kept <= width && width <= std::numeric_limits<int32_t>::max() &&
         Holds(y, Product(rows, kept)) && Holds(index, Product(rows, kept)) &&
         Holds(x, Product(rows, width));
}

void Sort::Run(Context& context) {
  if (Product(rows, kept) == 0) return;
  context.ReserveScratch(2 * width);
  // A row costs width times its logarithm, some 8 times what streaming through it does.
  ForRanges(context, rows, RowsPerTile(8 * width), [&](int64_t begin, int64_t end, int worker) {
    // A key and below it the place: all differ, and equal keys stay in order.
    auto* entries = reinterpret_cast<uint64_t*>(context.Scratch(worker));
    for (int64_t row = begin; row < end; ++row) {
      const float* from = x + row * width;
      for (int64_t i = 0; i < width; ++i) {
        const uint32_t key = KeyOf(from[i], integers);
        entries[i] = uint64_t{descending ? ~key : key} << 32 | static_cast<uint64_t>(i);
      }
      if (kept < width) std::nth_element(entries, entries + kept, entries + width);
      std::sort(entries, entries + kept);
      for (int64_t i = 0; i < kept; ++i) {
        const auto place = static_cast<int32_t>(entries[i] & 0xffffffffu);
        index[row * kept + i] = place;
        y[row * kept + i] = from[place];
      }
    }
  });
}

}  // namespace vitrine::ops
