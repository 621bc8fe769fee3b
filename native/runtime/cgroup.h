#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace vitrine {

// What the control groups of a process allow it: its own and all above that one, as far as they can
// be seen, each of which may be the narrowest (a systemd service in a slice in a container).
struct CgroupLimits {
  double cpus = INFINITY;  // CPU time by time
  uint64_t memory = std::numeric_limits<uint64_t>::max();

  // Whether they can stop threads of a machine of so many CPUs: a quota of all of them, as a
  // container may be given, never runs out.
  bool StopThreads(int machine_cpus) const { return cpus < machine_cpus; }
};

// How many of so many cores threads are for, under limits: the whole CPUs of the quota, at least 1.
// Rounded down: threads that are more than the quota are all stopped at once for the rest of each
// period, and the event loop with them.
int CoresWithin(const CgroupLimits& limits, int cores);

// Of this process, by cgroup v2 or v1; no limits where there are no control groups. `root` stands
// before every path, for tests.
CgroupLimits ReadCgroupLimits(const std::string& root = "");

}  // namespace vitrine
