#include "runtime/cpu.h"

#include "kernels/targets.h"
#include "runtime/cgroup.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
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

const CgroupLimits& Limits() {
  static const CgroupLimits limits = ReadCgroupLimits();
  return limits;
}

// Bytes of this process that are in memory.
uint64_t Resident() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  return file >> all >> resident ? resident * sysconf(_SC_PAGE_SIZE) : 0;
}

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
#endif
  // Rounded down: threads that are more than the quota are all stopped at once for the rest of each
  // period, and the event loop with them.
  return static_cast<int>(std::max(1.0, std::floor(std::min(cpus, Limits().cpus))));
}

bool HasCpuQuota() { return std::isfinite(Limits().cpus); }

uint64_t MemoryLimit() {
  const uint64_t machine = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
  return std::min(machine, Limits().memory);
}

uint64_t MemoryForStorages() {
  const uint64_t limit = MemoryLimit(), resident = Resident();
  return limit > resident ? limit - resident : 0;
}

}  // namespace vitrine
