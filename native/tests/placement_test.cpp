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

// Eight fast cores of two threads each, CPUs 0 and 1 to 14 and 15, and eight slow ones of one, 16
// to 23; as Intel's desktop CPUs are numbered, and list them.
Files TwoKinds() {
  Files files{{kCpus + "online", "0-23\n"},
              {kNodes + "online", "0\n"},
              {kNodes + "node0/cpulist", "0-23\n"},
              {"/sys/devices/cpu_core/cpus", "0-15\n"},
              {"/sys/devices/cpu_atom/cpus", "16-23\n"}};
  for (int cpu = 0; cpu < 24; ++cpu) {
    const int first = cpu / 2 * 2;
    files[kCpus + "cpu" + std::to_string(cpu) + "/topology/thread_siblings_list"] =
        cpu < 16 ? std::to_string(first) + "-" + std::to_string(first + 1) + "\n"
                 : std::to_string(cpu) + "\n";
  }
  return files;
}

// Twelve cores of three kinds, the slow ones first, as ARM's are numbered.
Files SlowOnesFirst() {
  Files files{{kCpus + "online", "0-11\n"}};
  for (int cpu = 0; cpu < 12; ++cpu) {
    const std::string folder = kCpus + "cpu" + std::to_string(cpu);
    files[folder + "/topology/thread_siblings_list"] = std::to_string(cpu) + "\n";
    files[folder + "/cpu_capacity"] = cpu < 4 ? "250\n" : cpu < 10 ? "760\n" : "1024\n";
  }
  return files;
}

Numbers UpTo(int count) {
  Numbers numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

// What a pool of so many threads keeps to; empty if it does not.
Numbers KeptTo(int threads, const Processors& processors) {
  if (!KeepsToCores(threads, processors)) return {};
  Numbers kept;
  for (int worker = 0; worker < threads; ++worker) kept.push_back(CoreOf(worker, processors));
  return kept;
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

void OneThreadACoreOfEitherKind() {
  const FakeRoot root(TwoKinds());
  const Processors all = ProcessorsOf(UpTo(24), false, root.path());
  const Numbers cores{0, 2, 4, 6, 8, 10, 12, 14, 16, 17, 18, 19, 20, 21, 22, 23};
  Expect(NumbersOf(all.cores) == cores && !all.confined, "one of each pair, and those without one");
  Expect(KeptTo(16, all) == cores, "each its own");
  Expect(KeptTo(10, all) == Numbers(cores.begin(), cores.begin() + 10), "fewer: the fast ones");
  Expect(KeptTo(24, all).empty(), "a thread a CPU is more than cores");
  const auto chosen = [&](const Numbers& allowed) {
    return NumbersOf(ProcessorsOf(allowed, false, root.path()).cores);
  };
  Expect(chosen({0, 1}) == Numbers{0}, "two threads of one core are one");
  Expect(chosen({1, 3, 5}) == Numbers{1, 3, 5}, "cores whose first thread is another's");
  Expect(chosen({15, 16, 17}) == Numbers{15, 16, 17}, "some of each kind");
  Expect(chosen({20, 21}) == Numbers{20, 21}, "slow ones alone");
  Expect(KeptTo(8, ProcessorsOf({16, 17, 18, 19, 20, 21, 22, 23}, false, root.path())).empty(),
         "who is confined by a mask keeps to nothing");
}

void FastCoresComeFirst() {
  const FakeRoot arm(SlowOnesFirst());
  const Processors all = ProcessorsOf(UpTo(12), false, arm.path());
  Expect(NumbersOf(all.cores) == Numbers{10, 11, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3}, "by what they do");
  Expect(KeptTo(8, all) == Numbers{10, 11, 4, 5, 6, 7, 8, 9}, "eight threads leave the slow ones");
  Expect(NumbersOf(ProcessorsOf({0, 1, 4, 11}, false, arm.path()).cores) == Numbers{11, 4, 0, 1},
         "those of a mask likewise");
  Files intel = TwoKinds();
  intel["/sys/devices/cpu_core/cpus"] = "8-15\n";
  const FakeRoot root(intel);
  const Processors late = ProcessorsOf({0, 2, 8, 9, 10}, false, root.path());
  Expect(NumbersOf(late.cores) == Numbers{8, 10, 0, 2}, "by the list of their kind");
}

void FewerThreadsFillNodesInOrder() {
  const FakeRoot root(TwoNodes());
  const Processors all = ProcessorsOf(UpTo(32), false, root.path());
  Expect(KeptTo(9, all) == Numbers{0, 2, 4, 6, 8, 10, 12, 14, 1}, "one node, and then the next");
  const Numbers second{1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
  const Processors bound = ProcessorsOf(second, false, root.path());
  Expect(NumbersOf(bound.cores) == Numbers{1, 3, 5, 7, 9, 11, 13, 15}, "a mask of one node");
  Expect(bound.nodes == Numbers{1} && bound.confined, "memory of that node");
  Files fast = TwoNodes();
  for (const int cpu : {4, 6, 5, 7, 20, 22, 21, 23})
    fast[kCpus + "cpu" + std::to_string(cpu) + "/cpu_capacity"] = "1024\n";
  const FakeRoot mixed(fast);
  const Processors both = ProcessorsOf(UpTo(32), false, mixed.path());
  Expect(NumbersOf(both.cores) == Numbers{4, 6, 0, 2, 8, 10, 12, 14, 5, 7, 1, 3, 9, 11, 13, 15},
         "the fast ones of a node first, nodes before kinds");
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
    {"cores of two kinds have a thread each", OneThreadACoreOfEitherKind},
    {"a node's fast cores come first, however numbered", FastCoresComeFirst},
    {"fewer threads than cores fill one node after the other", FewerThreadsFillNodesInOrder},
    {"without the system's word every CPU is a core", WithoutThoseFilesEveryCpuIsACore},
    {"many threads keep to cores of their own", ManyThreadsKeepToCoresOfTheirOwn},
    {"a thread can be kept to a CPU, and set free", AThreadCanBePinnedAndSetFree},
    {"memory can be spread over nodes", MemoryCanBeSpread},
};

}  // namespace

std::span<const Test> PlacementTests() { return kTests; }

}  // namespace vitrine
