#include "runtime/placement.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "runtime/affinity.h"
#include "runtime/cpu.h"

namespace vitrine {
namespace {

std::atomic<bool> has_placement{false};

}  // namespace

Processors ProcessorsOf(const std::vector<int>& allowed, bool has_quota, const std::string& root) {
  Processors processors{allowed, OnePerCore(DescribeCpus(allowed, root)), {}, has_quota};
  std::set<int> nodes;
  for (const Cpu& cpu : processors.cores) nodes.insert(cpu.node);
  processors.nodes.assign(nodes.begin(), nodes.end());
  const std::vector<int> online = OnlineCpus(root);
  processors.confined = has_quota || !std::ranges::includes(allowed, online);
  return processors;
}

const Processors& ThisProcess() {
  static const Processors processors = ProcessorsOf(AllowedCpus(), HasCpuQuota());
  return processors;
}

bool KeepsToCores(int threads, const Processors& processors) {
  constexpr size_t kMany = 8;
  const auto count = static_cast<size_t>(threads);
  const size_t cores = processors.cores.size();
  return count >= kMany && !processors.confined && count <= cores && 2 * count > cores;
}

int CoreOf(int worker, const Processors& processors) {
  return processors.cores[static_cast<size_t>(worker)].number;
}

Placement::Placement() : is_first_(!has_placement.exchange(true)) {}

Placement::~Placement() {
  if (is_first_) has_placement = false;
}

void Placement::Place(int worker, int threads) const {
  const Processors& processors = ThisProcess();
  if (!is_first_ || processors.allowed.empty()) return;
  if (KeepsToCores(threads, processors)) {
    RunOn({CoreOf(worker, processors)});
  } else if (worker == 0) {
    RunOn(processors.allowed);  // the leader lives on when its pool does not
  }
}

void SpreadOverNodes(void* data, size_t bytes) {
  const std::vector<int>& nodes = ThisProcess().nodes;
  if (nodes.size() > 1) SpreadOver(nodes, data, bytes);
}

}  // namespace vitrine
