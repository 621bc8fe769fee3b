#include "runtime/placement.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/affinity.h"
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
  Files files{{kCpus + "online", "0-31\n"},
              {kNodes + "online", "0-1\n"},
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
  const Processors all = ProcessorsOf(UpTo(32), false, root.path());
  Expect(NumbersOf(all.cores) == Numbers{0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15},
         "a CPU of each core, node by node");
  Expect(all.nodes == Numbers{0, 1} && !all.confined, "both nodes, all of the machine");
  // Of a core whose first CPU is another's, the second.
  const Processors some = ProcessorsOf({1, 17, 18}, false, root.path());
  Expect(NumbersOf(some.cores) == Numbers{18, 1}, "the cores that may be used");
  Expect(some.nodes == Numbers{0, 1} && some.confined, "a part of the machine");
}

void WithoutThoseFilesEveryCpuIsACore() {
  const FakeRoot root({});
  const Processors processors = ProcessorsOf(UpTo(4), false, root.path());
  Expect(NumbersOf(processors.cores) == UpTo(4), "each a core");
  Expect(processors.nodes == Numbers{0} && !processors.confined, "of one node");
  Expect(ProcessorsOf({}, false, root.path()).cores.empty(), "none where none is known");
}

void ManyThreadsKeepToCoresOfTheirOwn() {
  const FakeRoot root(TwoNodes());
  const Processors all = ProcessorsOf(UpTo(32), false, root.path());
  Expect(KeepsToCores(9, all) && KeepsToCores(16, all), "with most of the cores");
  Expect(!KeepsToCores(8, all), "not with half of them");
  Expect(!KeepsToCores(17, all), "not more than cores");
  Expect(!KeepsToCores(16, ProcessorsOf(UpTo(32), true, root.path())), "not under a quota");
  Expect(!KeepsToCores(16, ProcessorsOf(UpTo(31), false, root.path())), "not with a part of all");
  const FakeRoot small({{kCpus + "online", "0-7\n"}});
  Expect(KeepsToCores(8, ProcessorsOf(UpTo(8), false, small.path())), "8 of 8");
  Expect(!KeepsToCores(7, ProcessorsOf(UpTo(8), false, small.path())), "not few");
}

// What this system does, on a thread of the test's own.
void AThreadCanBePinnedAndSetFree() {
  std::thread([] {
    const Numbers allowed = AllowedCpus();
    if (allowed.empty()) return;  // not known on this system
    Expect(RunOn({allowed.back()}) && AllowedCpus() == Numbers{allowed.back()}, "to one CPU");
    Expect(RunOn(allowed) && AllowedCpus() == allowed, "to all");
    Expect(!RunOn({}), "to none is refused");
  }).join();
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
    {"many threads keep to cores of their own", ManyThreadsKeepToCoresOfTheirOwn},
    {"a thread can be kept to a CPU, and set free", AThreadCanBePinnedAndSetFree},
    {"memory can be spread over nodes", MemoryCanBeSpread},
};

}  // namespace

std::span<const Test> PlacementTests() { return kTests; }

}  // namespace vitrine
