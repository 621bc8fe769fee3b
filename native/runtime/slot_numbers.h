#pragma once

#include <cstdint>
#include <vector>

namespace vitrine {

// Numbers for things that come and go. The low bits of a number say which slot the thing has, the
// high bits count the uses of that slot, so that a number kept too long is known for stale. A slot
// whose count is used up is not used again: no number is given twice. 0 is none.
template <int kIndexBits, int kUseBits>
class SlotNumbers {
 public:
  static constexpr int64_t kMaxSlots = (int64_t{1} << kIndexBits) - 1;

  // A new number, or 0 when all slots are taken.
  int64_t Take() {
    if (free_.empty()) {
      const auto slot = static_cast<int64_t>(uses_.size());
      if (slot > kMaxSlots) return 0;
      uses_.push_back(0);
      free_.reserve(uses_.capacity());  // so that giving back needs no memory
      return slot;
    }
    const int64_t slot = free_.back();
    free_.pop_back();
    return uses_[slot] << kIndexBits | slot;
  }

  // Makes a number that was taken stale.
  void GiveBack(int64_t number) {
    const int64_t slot = SlotOf(number);
    if (++uses_[slot] < int64_t{1} << kUseBits) free_.push_back(slot);
  }

  // The slot of a number, 0 if the number is stale or was never given.
  int64_t Find(int64_t number) const {
    const int64_t slot = SlotOf(number);
    if (number <= 0 || slot >= static_cast<int64_t>(uses_.size())) return 0;
    return uses_[slot] == number >> kIndexBits ? slot : 0;
  }

  // The slot of a number that is known to be good.
  static int64_t SlotOf(int64_t number) { return number & kMaxSlots; }

 private:
  std::vector<int64_t> uses_{0};  // of each slot; slot 0 is never given
  std::vector<int64_t> free_;
};

}  // namespace vitrine
