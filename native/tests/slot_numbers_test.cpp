#include "runtime/slot_numbers.h"

#include <cstdint>
#include <set>
#include <vector>

#include "tests/harness.h"

namespace vitrine {
namespace {

using Numbers = SlotNumbers<3, 2>;  // 7 slots, each used 4 times

void NumbersFindTheirSlots() {
  Numbers numbers;
  const int64_t a = numbers.Take(), b = numbers.Take();
  Expect(numbers.Find(a) != 0 && numbers.Find(b) != 0 && numbers.Find(a) != numbers.Find(b),
         "two numbers have two slots");
  Expect(numbers.Find(0) == 0 && numbers.Find(-a) == 0 && numbers.Find(a + 8) == 0,
         "what was never given has no slot");
  numbers.GiveBack(a);
  Expect(numbers.Find(a) == 0 && numbers.Find(b) != 0, "what was given back is stale");
}

void NoNumberIsGivenTwice() {
  Numbers numbers;
  std::set<int64_t> given;
  int64_t count = 0;
  for (int64_t number = numbers.Take(); number != 0; number = numbers.Take()) {
    Expect(given.insert(number).second, "a number is new");
    numbers.GiveBack(number);
    ++count;
  }
  Expect(count == 7 * 4, "each slot is used as often as its count allows");
  for (int64_t number : given) Expect(numbers.Find(number) == 0, "all are stale");
}

void TheLastSlotIsTheLast() {
  Numbers numbers;
  std::vector<int64_t> given;
  for (int64_t number = numbers.Take(); number != 0; number = numbers.Take())
    given.push_back(number);
  Expect(given.size() == Numbers::kMaxSlots, "there are so many slots");
  numbers.GiveBack(given[3]);
  const int64_t again = numbers.Take();
  Expect(Numbers::SlotOf(again) == Numbers::SlotOf(given[3]) && again != given[3],
         "a slot given back is used again, by another number");
}

constexpr Test kTests[] = {
    {"slot numbers find their slots", NumbersFindTheirSlots},
    {"no slot number is given twice", NoNumberIsGivenTwice},
    {"slots end with the last", TheLastSlotIsTheLast},
};

}  // namespace

std::span<const Test> SlotNumbersTests() { return kTests; }

}  // namespace vitrine
