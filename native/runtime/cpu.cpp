#include "runtime/cpu.h"

#include "runtime/cgroup.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <unistd.h>

namespace vitrine {
namespace {

#if defined(__x86_64__)
// A bit of CPUID that not every compiler's __builtin_cpu_supports knows.
bool HasCpuidBit(unsigned leaf, int bit) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(leaf, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> bit & 1) != 0;
}

// What Highway has kernels compiled with for HWY_AVX2, where the operating system saves such
// registers.
bool HasAvx2() {
  constexpr int kF16c = 29, kLzcnt = 5;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
         HasCpuidBit(1, kF16c) && HasCpuidBit(0x80000001, kLzcnt);
}

// Likewise for HWY_AVX3.
bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

bool CpuHas([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return HasAvx512();
  if (isa == Isa::kAvx2) return HasAvx2();
#endif
  return true;
}

Isa ChooseIsa() {
  const std::vector<Isa> available = AvailableIsas();
  const char* wanted = std::getenv("VITRINE_ISA");
  if (wanted == nullptr || *wanted == '\0') return available.front();
  std::string names;
  for (Isa isa : available) {
    if (std::string(wanted) == IsaName(isa)) return isa;
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
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found;
    std::copy_if(std::begin(kIsas), std::end(kIsas), std::back_inserter(found), CpuHas);
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
