#pragma once

#include <string>
#include <vector>

namespace vitrine {

// A CPU by its number: the core that it is a thread of, by the least of that core's numbers, the
// NUMA node that it belongs to, and how much it does beside others, in the system's own measure.
struct Cpu {
  int number, core, node, capacity;
  bool operator==(const Cpu&) const = default;
};

// "0-3,8" as the system lists numbers; empty where the text is no such list.
std::vector<int> NumbersInList(const std::string& text);

// CPUs by /sys/devices/system, which Linux has; where it says nothing, each is a core of its own,
// of node 0. `root` stands before every path, for tests.
std::vector<Cpu> DescribeCpus(const std::vector<int>& numbers, const std::string& root = "");

// The first CPU of each core, node by node, a node's fastest cores first: threads that compute gain
// nothing from a second one, which shares the core's multipliers with the first. Fewer threads than
// cores are for the first of these; systems may number the slow ones first.
std::vector<Cpu> OnePerCore(std::vector<Cpu> cpus);

// All CPUs that are there, whoever may use them; empty where the system does not say.
std::vector<int> OnlineCpus(const std::string& root = "");

}  // namespace vitrine
