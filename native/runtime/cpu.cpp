#include "runtime/cpu.h"

#include "kernels/targets.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#include <unistd.h>

namespace vitrine {
namespace {

// Highway numbers its targets so that a faster one has a lower bit.
int64_t TargetMask(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return HWY_AVX3;
    case Isa::kAvx2:
      return HWY_AVX2;
    case Isa::kNeon:
      return HWY_NEON;
    case Isa::kScalar:
      return HWY_STATIC_TARGET;
  }
  return HWY_STATIC_TARGET;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Isa ChooseIsa() {
  const std::vector<Isa> available = AvailableIsas();
  const char* wanted = std::getenv("VITRINE_ISA");
  if (wanted == nullptr || *wanted == '\0') return available.front();
  std::string names;
  for (Isa isa : available) {
    if (std::string(wanted) == IsaName(isa)) {
      int64_t faster = 0;
      for (Isa other : available) {
        if (other == isa) break;
        faster |= TargetMask(other);
      }
      hwy::DisableTargets(faster);
      return isa;
    }
    names += (names.empty() ? "" : ", ") + std::string(IsaName(isa));
  }
  throw std::runtime_error("Expected one of " + names + " for VITRINE_ISA but received '" + wanted +
                           "'. Unset VITRINE_ISA to use the fastest.");
}

#if defined(__linux__)
// cgroup v2: "max 100000" or "50000 100000"; v1 keeps quota and period in two files, -1 meaning no
// quota.
double CgroupCpus() {
  std::stringstream v2(ReadFile("/sys/fs/cgroup/cpu.max"));
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period && quota != "max" && period > 0) return std::stod(quota) / period;
  std::stringstream v1(ReadFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
  std::stringstream v1_period(ReadFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  double v1_quota = -1;
  if (v1 >> v1_quota && v1_period >> period && v1_quota > 0 && period > 0) return v1_quota / period;
  return INFINITY;
}
#endif

}  // namespace

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kNeon:
      return "neon";
    case Isa::kScalar:
      return "scalar";
  }
  return "scalar";
}

std::vector<Isa> AvailableIsas() {
  // SupportedTargets() already honours DisableTargets(), so the answer is kept from the first call.
  static const std::vector<Isa> isas = [] {
    const int64_t supported = hwy::SupportedTargets();
    std::vector<Isa> found;
    for (Isa isa : {Isa::kAvx512, Isa::kAvx2, Isa::kNeon}) {
      if ((HWY_TARGETS & TargetMask(isa)) != 0 && (supported & TargetMask(isa)) != 0 &&
          TargetMask(isa) != HWY_STATIC_TARGET) {
        found.push_back(isa);
      }
    }
    found.push_back(HWY_STATIC_TARGET == HWY_NEON ? Isa::kNeon : Isa::kScalar);
    return found;
  }();
  return isas;
}

Isa ActiveIsa() {
  static const Isa isa = ChooseIsa();
  return isa;
}

bool HasBf16() {
#if defined(__x86_64__)
  return ActiveIsa() == Isa::kAvx512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

int UsableCpus() {
  double cpus = std::max(1u, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cpus = CPU_COUNT(&set);
  cpus = std::min(cpus, std::ceil(CgroupCpus()));
#endif
  return std::max(1, static_cast<int>(cpus));
}

uint64_t MemoryLimit() {
  uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::stringstream text(ReadFile(path));
    uint64_t limit = 0;
    if (text >> limit && limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

}  // namespace vitrine
