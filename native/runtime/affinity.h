#pragma once

#include <cstddef>
#include <vector>

namespace vitrine {

// What the system has to say, and to be told, of CPUs and memory; Linux only. Elsewhere nothing is
// known, and the rest does nothing.

// The CPUs that the calling thread may run on, by their numbers; empty where that is not known.
std::vector<int> AllowedCpus();

// Lets the calling thread run on these alone. False where it may not.
bool RunOn(const std::vector<int>& cpus);

// Spreads the whole pages of a block over NUMA nodes, those that are there and those to come. False
// where the system would not.
bool SpreadOver(const std::vector<int>& nodes, void* data, size_t bytes);

}  // namespace vitrine
