#include "runtime/topology.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace vitrine {
namespace {

const char* const kSystem = "/sys/devices/system";

std::vector<int> NumbersInFile(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return NumbersInList(line);
}

// How much a CPU does: as ARM's systems say, up to 1024; on Intel's of two kinds of cores, which
// list their CPUs by kind, 1 of the fast ones and 0 of the others; 0 where all are alike.
int CapacityOf(int cpu, const std::vector<int>& fast, const std::string& root) {
  const std::vector<int> said =
      NumbersInFile(root + kSystem + "/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity");
  return said.size() == 1 ? said[0] : static_cast<int>(std::ranges::count(fast, cpu));
}

// The node of each CPU that a node lists.
std::map<int, int> Nodes(const std::string& root) {
  std::map<int, int> nodes;
  const std::string folder = root + kSystem + "/node";
  for (const int node : NumbersInFile(folder + "/online")) {
    for (const int cpu : NumbersInFile(folder + "/node" + std::to_string(node) + "/cpulist"))
      nodes[cpu] = node;
  }
  return nodes;
}

}  // namespace

std::vector<int> NumbersInList(const std::string& text) {
  constexpr int kMost = 1 << 16;
  std::vector<int> numbers;
  std::stringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    char* end = nullptr;
    const long first = std::strtol(item.c_str(), &end, 10);
    if (end == item.c_str()) return {};
    const long last = *end == '-' ? std::strtol(end + 1, &end, 10) : first;
    if (first < 0 || last < first || last >= kMost || (*end != '\0' && *end != '\n')) return {};
    for (long number = first; number <= last; ++number) numbers.push_back(static_cast<int>(number));
  }
  return numbers;
}

std::vector<Cpu> DescribeCpus(const std::vector<int>& numbers, const std::string& root) {
  const std::map<int, int> nodes = Nodes(root);
  const std::vector<int> fast = NumbersInFile(root + "/sys/devices/cpu_core/cpus");
  std::vector<Cpu> cpus;
  for (const int number : numbers) {
    const std::vector<int> siblings = NumbersInFile(
        root + kSystem + "/cpu/cpu" + std::to_string(number) + "/topology/thread_siblings_list");
    const auto node = nodes.find(number);
    cpus.push_back({number, siblings.empty() ? number : *std::ranges::min_element(siblings),
                    node == nodes.end() ? 0 : node->second, CapacityOf(number, fast, root)});
  }
  return cpus;
}

std::vector<Cpu> OnePerCore(std::vector<Cpu> cpus) {
  std::set<int> seen;
  std::erase_if(cpus, [&](const Cpu& cpu) { return !seen.insert(cpu.core).second; });
  std::ranges::stable_sort(cpus, {},
                           [](const Cpu& cpu) { return std::pair(cpu.node, -cpu.capacity); });
  return cpus;
}

std::vector<int> OnlineCpus(const std::string& root) {
  return NumbersInFile(root + kSystem + "/cpu/online");
}

}  // namespace vitrine
