// The runtime and the ops by themselves, without Node.js: what ThreadSanitizer and AddressSanitizer
// look at (npm run sanitize).

#include <cstdio>
#include <exception>

#include "tests/harness.h"

int main() {
  int passed = 0;
  int failed = 0;
  for (const auto tests :
       {vitrine::AllocatorTests(), vitrine::Bfloat16Tests(), vitrine::CgroupTests(),
        vitrine::ExceptionTests(), vitrine::Int8Tests(), vitrine::LaneTests(), vitrine::OpsTests(),
        vitrine::PlacementTests(), vitrine::PlanTests(), vitrine::SlotNumbersTests(),
        vitrine::SpinTests(), vitrine::StreamTests(), vitrine::ThreadPoolTests()}) {
    for (const vitrine::Test& test : tests) {
      try {
        test.run();
        ++passed;
        std::printf("  ok   %s\n", test.name);
      } catch (const std::exception& error) {
        ++failed;
        std::printf("  FAIL %s: %s\n", test.name, error.what());
      }
    }
  }
  // In mocha's words, so that .ci/run counts both alike.
  std::printf("\n  %d passing\n", passed);
  if (failed > 0) std::printf("  %d failing\n", failed);
  return failed == 0 ? 0 : 1;
}
