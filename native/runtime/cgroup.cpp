#include "runtime/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace vitrine {
namespace {

// A hierarchy of control groups: the group `group` of it is what lies at `point`.
struct Mount {
  std::string group, point;
  bool v2;
  std::string controllers;  // of v1, among other options: "rw,cpu,cpuacct"
};

// mountinfo(5) writes blanks, tabs, line ends and backslashes as octal numbers.
std::string Unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// "36 35 0:30 /group /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw"
std::vector<Mount> CgroupMounts(const std::string& root) {
  std::vector<Mount> mounts;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::stringstream before(line), after(line.substr(dash + 3));
    std::string id, parent, device, group, point, type, source, options;
    before >> id >> parent >> device >> group >> point;
    after >> type >> source >> options;
    if (type == "cgroup2" || type == "cgroup")
      mounts.push_back({Unescaped(group), Unescaped(point), type == "cgroup2", options});
  }
  return mounts;
}

// Whether a list between commas has the word.
bool Lists(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

// The process's group in the hierarchy of a controller, by "4:memory:/group" (v1) or "0::/group"
// (v2); empty if it has none.
std::string GroupOf(const std::string& root, bool v2, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? controllers.empty() : Lists(controllers, controller)) return line.substr(second + 1);
  }
  return "";
}

// The group's path below the mount's point. A container may see less than its path says: the top of
// what is mounted is then its own group.
std::string PathBelow(const Mount& mount, const std::string& group) {
  if (mount.group == "/") return group == "/" ? "" : group;
  const bool below = group.rfind(mount.group + "/", 0) == 0;
  return below ? group.substr(mount.group.size()) : "";
}

// visit(folder, v2) for the process's group and each above it that can be seen.
template <class Visit>
void ForGroups(const std::string& root, const std::string& controller, const Visit& visit) {
  for (const Mount& mount : CgroupMounts(root)) {
    if (!mount.v2 && !Lists(mount.controllers, controller)) continue;
    const std::string group = GroupOf(root, mount.v2, controller);
    if (group.empty()) continue;
    std::string path = PathBelow(mount, group);
    while (true) {
      visit(root + mount.point + path, mount.v2);
      if (path.empty()) break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
}

// The number that a file begins with, or -1: files say "max" or "-1" for no limit.
double NumberIn(const std::string& path) {
  std::ifstream file(path);
  double number = -1;
  return file >> number ? number : -1;
}

double CpusOf(const std::string& folder, bool v2) {
  double quota = -1, period = -1;
  if (v2) {
    std::ifstream file(folder + "/cpu.max");  // "50000 100000", in microseconds
    if (!(file >> quota >> period)) return INFINITY;
  } else {
    quota = NumberIn(folder + "/cpu.cfs_quota_us");
    period = NumberIn(folder + "/cpu.cfs_period_us");
  }
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

}  // namespace

int CoresWithin(const CgroupLimits& limits, int cores) {
  return static_cast<int>(std::max(1.0, std::floor(std::min<double>(cores, limits.cpus))));
}

CgroupLimits ReadCgroupLimits(const std::string& root) {
  CgroupLimits limits;
  ForGroups(root, "cpu", [&](const std::string& folder, bool v2) {
    limits.cpus = std::min(limits.cpus, CpusOf(folder, v2));
  });
  ForGroups(root, "memory", [&](const std::string& folder, bool v2) {
    const double bytes = NumberIn(folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    // v1 says 2^63, less a page, for no limit.
    if (bytes >= 0 && bytes < 9e18)
      limits.memory = std::min(limits.memory, static_cast<uint64_t>(bytes));
  });
  return limits;
}

}  // namespace vitrine
