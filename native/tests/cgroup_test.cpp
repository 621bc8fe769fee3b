#include "runtime/cgroup.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "tests/fake_root.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

// What a process reads that sees these files.
CgroupLimits LimitsWith(const Files& files) { return ReadCgroupLimits(FakeRoot(files).path()); }

constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();
const std::string kV2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

void TheNarrowestGroupCounts() {
  // A systemd service with CPUQuota=150% in a slice with less memory than it.
  const Files files{
      {"/proc/self/mountinfo", "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + kV2},
      {"/proc/self/cgroup", "0::/my.slice/my.service\n"},
      {"/sys/fs/cgroup/my.slice/memory.max", "1000000\n"},
      {"/sys/fs/cgroup/my.slice/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/my.slice/my.service/memory.max", "2000000\n"},
      {"/sys/fs/cgroup/my.slice/my.service/cpu.max", "150000 100000\n"},
      {"/sys/fs/cgroup/other.slice/memory.max", "5\n"},
  };
  const CgroupLimits limits = LimitsWith(files);
  Expect(limits.memory == 1000000, "the slice's memory");
  Expect(limits.cpus == 1.5, "the service's quota");
}

void AContainersTopIsItsGroup() {
  // With a namespace of its own it is "/", without one its path outside, which the mount says too.
  const Files own{{"/proc/self/mountinfo", kV2},
                  {"/proc/self/cgroup", "0::/\n"},
                  {"/sys/fs/cgroup/memory.max", "3000\n"},
                  {"/sys/fs/cgroup/cpu.max", "200000 100000\n"}};
  const CgroupLimits inside = LimitsWith(own);
  Expect(inside.memory == 3000 && inside.cpus == 2, "what lies at the top");
  const Files shared{
      {"/proc/self/mountinfo",
       "40 24 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
       "41 24 0:31 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"},
      {"/proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc/inner\n1:name=x:/\n"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "8000\n"},
      {"/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "9223372036854771712\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}};
  const CgroupLimits outside = LimitsWith(shared);
  Expect(outside.memory == 8000 && outside.cpus == 0.5, "v1, by each controller's own path");
}

// A process in /a/b whose groups say what these texts say: v2's cpu.max, and v1's quota and period.
CgroupLimits OfV2(const std::string& top, const std::string& a, const std::string& b) {
  return LimitsWith({{"/proc/self/mountinfo", kV2},
                     {"/proc/self/cgroup", "0::/a/b\n"},
                     {"/sys/fs/cgroup/cpu.max", top},
                     {"/sys/fs/cgroup/a/cpu.max", a},
                     {"/sys/fs/cgroup/a/b/cpu.max", b}});
}

CgroupLimits OfV1(const std::string& quota_a, const std::string& quota_b,
                  const std::string& period_b) {
  return LimitsWith(
      {{"/proc/self/mountinfo", "41 24 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"},
       {"/proc/self/cgroup", "5:cpu:/a/b\n"},
       {"/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", quota_a},
       {"/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"},
       {"/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", quota_b},
       {"/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", period_b}});
}

void TheSmallestQuotaOfAllGroupsCounts() {
  const std::string none = "max 100000\n";
  Expect(OfV2("100000 100000\n", none, none).cpus == 1, "the top's");
  Expect(OfV2(none, "150000 100000\n", "400000 100000\n").cpus == 1.5, "the one between");
  Expect(OfV2("800000 100000\n", "400000 100000\n", "50000 100000\n").cpus == 0.5, "its own");
  Expect(OfV2(none, none, "30000 20000\n").cpus == 1.5, "of a period of 20 ms");
  Expect(OfV2(none, "2000000 1000000\n", "30000 10000\n").cpus == 2, "of periods that differ");
  for (const char* text : {"max 100000\n", "", "max\n", "x y\n", "0 100000\n", "50000 0\n"}) {
    Expect(std::isinf(OfV2(none, none, text).cpus), std::string("no quota: ") + text);
    Expect(OfV2(none, "50000 100000\n", text).cpus == 0.5, std::string("no end at: ") + text);
  }
  Expect(OfV1("150000\n", "-1\n", "100000\n").cpus == 1.5, "v1, the one above");
  Expect(OfV1("-1\n", "30000\n", "20000\n").cpus == 1.5, "v1, its own, of 20 ms");
  Expect(OfV1("50000\n", "200000\n", "100000\n").cpus == 0.5, "v1, the smaller of two");
  Expect(std::isinf(OfV1("-1\n", "-1\n", "100000\n").cpus), "v1, none");
}

void AQuotaIsRoundedDownToWholeCpus() {
  const auto cores = [](double quota, int all) { return CoresWithin({.cpus = quota}, all); };
  Expect(cores(2, 8) == 2 && cores(7, 8) == 7, "whole ones as they are");
  Expect(cores(1.5, 8) == 1 && cores(2.99, 8) == 2, "down");
  Expect(cores(0.5, 8) == 1 && cores(0.01, 8) == 1 && cores(1, 8) == 1, "1 at least");
  Expect(cores(8, 8) == 8 && cores(9.5, 8) == 8 && cores(1e12, 8) == 8, "no more than cores");
  Expect(CoresWithin({}, 8) == 8 && CoresWithin({}, 64) == 64, "all without a quota");
  Expect(cores(2, 1) == 1 && CoresWithin({}, 1) == 1, "1 of 1");
  Expect(CoresWithin({}, 0) == 1, "1 where the system says nothing");
}

void NoLimitIsNone() {
  const CgroupLimits none = LimitsWith({});
  Expect(none.memory == kNone && std::isinf(none.cpus), "without control groups");
  const CgroupLimits open = LimitsWith({{"/proc/self/mountinfo", kV2},
                                        {"/proc/self/cgroup", "0::/a b\n"},
                                        {"/sys/fs/cgroup/a b/memory.max", "max\n"},
                                        {"/sys/fs/cgroup/a b/cpu.max", "max 100000\n"}});
  Expect(open.memory == kNone && std::isinf(open.cpus), "with groups that limit nothing");
}

void MountsMayHaveBlanksInTheirNames() {
  const CgroupLimits limits =
      LimitsWith({{"/proc/self/mountinfo", "30 24 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n"},
                  {"/proc/self/cgroup", "0::/a\n"},
                  {"/my groups/a/memory.max", "77\n"}});
  Expect(limits.memory == 77, "the group under a mount point with a blank");
}

// A container is often given all CPUs of a small machine.
void AQuotaOfAllCpusStopsNobody() {
  const auto of = [](double cpus) {
    CgroupLimits limits;
    limits.cpus = cpus;
    return limits;
  };
  Expect(!of(2).StopThreads(2) && !of(8).StopThreads(2), "as many as there are, and more");
  Expect(of(1.99).StopThreads(2) && of(2).StopThreads(3), "less than there are");
  Expect(!CgroupLimits().StopThreads(64), "no quota");
}

constexpr Test kTests[] = {
    {"the narrowest control group counts", TheNarrowestGroupCounts},
    {"a container's top is its control group", AContainersTopIsItsGroup},
    {"the smallest quota of all control groups above counts", TheSmallestQuotaOfAllGroupsCounts},
    {"a quota is rounded down to whole CPUs, 1 at least", AQuotaIsRoundedDownToWholeCpus},
    {"a quota of all CPUs stops nobody", AQuotaOfAllCpusStopsNobody},
    {"no limit of a control group is none", NoLimitIsNone},
    {"mounts of control groups may have blanks in their names", MountsMayHaveBlanksInTheirNames},
};

}  // namespace

std::span<const Test> CgroupTests() { return kTests; }

}  // namespace vitrine
