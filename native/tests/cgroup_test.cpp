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

constexpr Test kTests[] = {
    {"the narrowest control group counts", TheNarrowestGroupCounts},
    {"a container's top is its control group", AContainersTopIsItsGroup},
    {"no limit of a control group is none", NoLimitIsNone},
    {"mounts of control groups may have blanks in their names", MountsMayHaveBlanksInTheirNames},
};

}  // namespace

std::span<const Test> CgroupTests() { return kTests; }

}  // namespace vitrine
