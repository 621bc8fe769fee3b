#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ops/ranges.h"
#include "runtime/operand.h"

namespace vitrine::ops {

// Many arrays walked as if they were one, so that a pass over a model's hundreds of small
// parameters is as many tiles as their elements need.
class Concatenation {
 public:
  explicit Concatenation(const std::vector<int64_t>& counts) {
    starts_.reserve(counts.size() + 1);
    starts_.push_back(0);
    for (int64_t count : counts) starts_.push_back(starts_.back() + count);
  }

  int64_t count() const { return starts_.back(); }

  // body(array, begin, n) for each piece of an array in [begin, end) of the whole.
  template <class Body>
  void ForPieces(int64_t begin, int64_t end, const Body& body) const {
    size_t array = std::upper_bound(starts_.begin(), starts_.end(), begin) - starts_.begin() - 1;
    for (; begin < end; ++array) {
      const int64_t stop = std::min(end, starts_[array + 1]);
      if (begin < stop) body(array, begin - starts_[array], stop - begin);
      begin = stop;
    }
  }

 private:
  std::vector<int64_t> starts_;
};

// body(array, begin, n) in parallel for pieces of all arrays, in tiles of the usual size.
template <class Body>
void ForPieces(Context& context, const Concatenation& all, const Body& body) {
  ForElements(context, all.count(),
              [&](int64_t begin, int64_t n) { all.ForPieces(begin, begin + n, body); });
}

template <class Operand>
bool HoldAll(const std::vector<Operand>& operands, const std::vector<int64_t>& counts) {
  if (operands.size() != counts.size()) return false;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!Holds(operands[i], counts[i])) return false;
  }
  return true;
}

}  // namespace vitrine::ops
