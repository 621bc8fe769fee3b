#include "runtime/placement.h"

#include <set>

#include "runtime/affinity.h"

namespace vitrine {

Processors ProcessorsOf(const std::vector<int>& allowed, const std::string& root) {
  Processors processors{allowed, OnePerCore(DescribeCpus(allowed, root)), {}};
  std::set<int> nodes;
  for (const Cpu& cpu : processors.cores) nodes.insert(cpu.node);
  processors.nodes.assign(nodes.begin(), nodes.end());
  return processors;
}

const Processors& ThisProcess() {
  static const Processors processors = ProcessorsOf(AllowedCpus());
  return processors;
}

void SpreadOverNodes(void* data, size_t bytes) {
  const std::vector<int>& nodes = ThisProcess().nodes;
  if (nodes.size() > 1) SpreadOver(nodes, data, bytes);
}

}  // namespace vitrine
