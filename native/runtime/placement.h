#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/topology.h"

namespace vitrine {

// Which CPUs this process may use, and what of them threads are for.
struct Processors {
  std::vector<int> allowed;  // by the affinity mask
  std::vector<Cpu> cores;    // the first of each core's, node by node, fast ones first
  std::vector<int> nodes;    // of these
  bool confined = false;     // to some of the machine's, or to some of their time
};

// With CPUs that the process may use, of `root`'s system; a confined process has a CPU quota, too.
Processors ProcessorsOf(const std::vector<int>& allowed, bool has_quota,
                        const std::string& root = "");

// Of this process, as it was when first asked for: not to be asked for first on a thread that has
// been pinned.
const Processors& ThisProcess();

// Whether the threads of a pool each keep to a core of their own: many, more than half of the
// cores, which nobody else has a claim to. The scheduler moves a thread now and then, away from the
// caches and the node's memory that it has filled; among few there is little to gain. A process
// that has been given a part of a machine shares it with others, and one that takes half of it may
// be one of two, which would stand on the same cores.
bool KeepsToCores(int threads, const Processors& processors);

// The CPU of worker i of such a pool.
int CoreOf(int worker, const Processors& processors);

// Keeps the threads of one pool to cores, worker i to the i-th. In a process one pool at a time:
// another's threads would stand on the same cores.
class Placement {
 public:
  Placement();
  ~Placement();
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;

  // For the calling thread, as worker of a pool of so many. One that does not keep to a core may
  // run where the process may.
  void Place(int worker, int threads) const;

 private:
  bool is_first_;
};

// Spreads a block that all threads read over their nodes' memory, so that none of them is asked by
// all. Where there is one node, nothing is done.
void SpreadOverNodes(void* data, size_t bytes);

}  // namespace vitrine
