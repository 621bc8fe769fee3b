#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace vitrine {

// What the control groups of a process allow it: its own and all above that one, as far as they can
// be seen, each of which may be the narrowest (a systemd service in a slice in a container).
struct CgroupLimits {
  double cpus = INFINITY;
  uint64_t memory = std::numeric_limits<uint64_t>::max();
};

// Of this process, by cgroup v2 or v1; no limits where there are no control groups. `root` stands
// before every path, for tests.
CgroupLimits ReadCgroupLimits(const std::string& root = "");

}  // namespace vitrine
