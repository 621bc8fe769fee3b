#pragma once

#include <span>
#include <stdexcept>
#include <string>

namespace vitrine {

// A test of the runtime: throws if what it claims is not so.
struct Test {
  const char* name;
  void (*run)();
};

inline void Expect(bool truth, const std::string& claim) {
  if (!truth) throw std::runtime_error("not so: " + claim);
}

std::span<const Test> AllocatorTests();
std::span<const Test> Bfloat16Tests();
std::span<const Test> CgroupTests();
std::span<const Test> ExceptionTests();
std::span<const Test> Int8Tests();
std::span<const Test> LaneTests();
std::span<const Test> OpsTests();
std::span<const Test> PlacementTests();
std::span<const Test> PlanTests();
std::span<const Test> SlotNumbersTests();
std::span<const Test> SpinTests();
std::span<const Test> StreamTests();
std::span<const Test> ThreadPoolTests();

}  // namespace vitrine
