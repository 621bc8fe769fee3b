#include "runtime/spin.h"

#include <chrono>

#include "tests/harness.h"

namespace vitrine {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

constexpr microseconds kLong = hours(1);

// How often a thread looks that may spin for so long, where it would find what it waits for at the
// 1000th time; 0 if it found it.
int LooksInVain(microseconds limit) {
  constexpr int kThere = 1000;
  int looks = 0;
  return PollUntil(limit, [&] { return ++looks == kThere; }) ? 0 : looks;
}

void NobodySpinsUnderAQuota() {
  Expect(SpinUnderQuota(kLong, true) == microseconds(0), "not at all with one");
  Expect(SpinUnderQuota(kLong, false) == kLong, "as long as may be without");
}

void NoPoolOfMoreThreadsThanCpusSpins() {
  Expect(SpinBeside(kLong, 2, 2) == kLong && SpinBeside(kLong, 2, 64) == kLong,
         "as many, or fewer");
  Expect(SpinBeside(kLong, 3, 2) == microseconds(0), "not more");
  Expect(SpinBeside(kLong, 64, 0) == kLong, "where CPUs are not known");
}

// By their number and not by their time: what is slow here is the machine.
void WhoMayNotSpinLooksAFewTimes() {
  Expect(LooksInVain(kLong) == 0, "who may spin finds it");
  const int looks = LooksInVain(microseconds(0));
  Expect(looks > 0 && looks < 100, "who may not sleeps soon");
  Expect(PollUntil(microseconds(0), [] { return true; }), "what is there already is found");
}

constexpr Test kTests[] = {
    {"nobody spins under a quota", NobodySpinsUnderAQuota},
    {"a pool of more threads than CPUs does not spin", NoPoolOfMoreThreadsThanCpusSpins},
    {"who may not spin looks a few times", WhoMayNotSpinLooksAFewTimes},
};

}  // namespace

std::span<const Test> SpinTests() { return kTests; }

}  // namespace vitrine
