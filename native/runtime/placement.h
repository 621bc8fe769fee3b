#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/topology.h"

namespace vitrine {

// Which CPUs this process may use, and what of them threads are for.
struct Processors {
  std::vector<int> allowed;  // by the affinity mask
  std::vector<Cpu> cores;    // the first of each core's, node by node
  std::vector<int> nodes;    // of these
};

// With CPUs that the process may use, of `root`'s system.
Processors ProcessorsOf(const std::vector<int>& allowed, const std::string& root = "");

// Of this process, as it was when first asked for.
const Processors& ThisProcess();

// Spreads a block that all threads read over their nodes' memory, so that none of them is asked by
// all. Where there is one node, nothing is done.
void SpreadOverNodes(void* data, size_t bytes);

}  // namespace vitrine
