#include "runtime/placement.h"

#include <memory>
#include <string>
#include <vector>

#include "runtime/topology.h"
#include "tests/fake_root.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

using Numbers = std::vector<int>;

const std::string kCpus = "/sys/devices/system/cpu/";
const std::string kNodes = "/sys/devices/system/node/";

// Two nodes of eight cores with two threads each: CPU i and i + 16, even cores on node 0.
Files TwoNodes() {
  Files files{{kNodes + "online", "0-1\n"},
              {kNodes + "node0/cpulist", "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30\n"},
              {kNodes + "node1/cpulist", "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31\n"}};
  for (int cpu = 0; cpu < 32; ++cpu) {
    const int core = cpu % 16;
    files[kCpus + "cpu" + std::to_string(cpu) + "/topology/thread_siblings_list"] =
        std::to_string(core) + "," + std::to_string(core + 16) + "\n";
  }
  return files;
}

Numbers UpTo(int count) {
  Numbers numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

Numbers NumbersOf(const std::vector<Cpu>& cpus) {
  Numbers numbers;
  for (const Cpu& cpu : cpus) numbers.push_back(cpu.number);
  return numbers;
}

void ListsAreRangesAndNumbers() {
  Expect(NumbersInList("0-3,8,10-11\n") == Numbers{0, 1, 2, 3, 8, 10, 11}, "ranges and numbers");
  Expect(NumbersInList("5") == Numbers{5}, "one number");
  for (const char* text : {"", "\n", "x", "3-1", "1-", "-1", "0-99999999", "1;2"})
    Expect(NumbersInList(text).empty(), std::string("no list: ") + text);
}

void OneThreadACore() {
  const FakeRoot root(TwoNodes());
  const Processors all = ProcessorsOf(UpTo(32), root.path());
  Expect(NumbersOf(all.cores) == Numbers{0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15},
         "a CPU of each core, node by node");
  Expect(all.nodes == Numbers{0, 1}, "both nodes");
  // Of a core whose first CPU is another's, the second.
  const Processors some = ProcessorsOf({1, 17, 18}, root.path());
  Expect(NumbersOf(some.cores) == Numbers{18, 1}, "the cores that may be used");
  Expect(some.nodes == Numbers{0, 1}, "and their nodes");
}

void WithoutThoseFilesEveryCpuIsACore() {
  const FakeRoot root({});
  const Processors processors = ProcessorsOf(UpTo(4), root.path());
  Expect(NumbersOf(processors.cores) == UpTo(4), "each a core");
  Expect(processors.nodes == Numbers{0}, "of one node");
  Expect(ProcessorsOf({}, root.path()).cores.empty(), "none where none is known");
}

// What this system says of the thread that asks.
void ThisProcessHasCores() {
  const Processors& processors = ThisProcess();
  if (processors.allowed.empty()) return;  // not known on this system
  Expect(!processors.cores.empty() && processors.cores.size() <= processors.allowed.size(),
         "cores, and no more than CPUs");
  Expect(!processors.nodes.empty(), "a node");
}

void MemoryCanBeSpread() {
  constexpr size_t kBytes = 1 << 20;
  const std::unique_ptr<char[]> memory(new char[kBytes]);
  SpreadOverNodes(memory.get(), kBytes);
  SpreadOverNodes(memory.get(), 1);
  for (size_t i = 0; i < kBytes; i += 4096) memory[i] = 1;
}

constexpr Test kTests[] = {
    {"lists of CPUs are ranges and numbers", ListsAreRangesAndNumbers},
    {"there is a thread for each core, node by node", OneThreadACore},
    {"without the system's word every CPU is a core", WithoutThoseFilesEveryCpuIsACore},
    {"this process has cores", ThisProcessHasCores},
    {"memory can be spread over nodes", MemoryCanBeSpread},
};

}  // namespace

std::span<const Test> PlacementTests() { return kTests; }

}  // namespace vitrine
