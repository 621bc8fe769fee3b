#include "runtime/cpu.h"

#include "runtime/cgroup.h"
#include "runtime/cpuid.h"
#include "runtime/placement.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#if defined(_WIN32)
#include <windows.h>
#else
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace vitrine {
namespace {

bool CpuHas([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  static const Cpuid cpuid;
  if (isa == Isa::kAvx512) return cpuid.HasAvx512();
  if (isa == Isa::kAvx2) return cpuid.HasAvx2();
#endif
  return true;
}

struct Choice {
  Isa isa;
  MatrixUnit unit = MatrixUnit::kNone;
};

#if defined(__x86_64__)
// Linux keeps the tiles' 8 KB of a thread for processes that have asked for it (since 5.16).
bool MayUseTiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // asm/prctl.h, Intel's XCR0
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool HasAmx() {
  static const bool has = Cpuid().HasAmx() && MayUseTiles();
  return has;
}

bool CanEmulateAmx() { return Cpuid().HasAvx512Bf16(); }  // whose packing tiles take
#else
bool HasAmx() { return false; }
bool CanEmulateAmx() { return false; }
#endif

constexpr const char* kAmx = "amx";
constexpr const char* kAmxEmulated = "amx-emulated";

Choice Choose() {
  const char* const given = std::getenv("VITRINE_ISA");
  const std::string wanted = given == nullptr ? "" : given;
  if (HasAmx() && (wanted.empty() || wanted == kAmx)) return {Isa::kAvx512, MatrixUnit::kAmx};
  if (CanEmulateAmx() && wanted == kAmxEmulated) return {Isa::kAvx512, MatrixUnit::kAmxEmulated};
  if (wanted.empty()) return {AvailableIsas().front()};
  std::string names = HasAmx() ? std::string(kAmx) : "";
  for (Isa isa : AvailableIsas()) {
    if (wanted == IsaName(isa)) return {isa};
    names += (names.empty() ? "" : ", ") + std::string(IsaName(isa));
  }
  if (CanEmulateAmx()) names += std::string(", ") + kAmxEmulated;
  throw std::runtime_error("Expected one of " + names + " for VITRINE_ISA but received '" + wanted +
                           "'. Unset VITRINE_ISA to use the fastest.");
}

const Choice& Chosen() {
  static const Choice choice = Choose();
  return choice;
}

const CgroupLimits& Limits() {
  static const CgroupLimits limits = ReadCgroupLimits();
  return limits;
}

#if defined(_WIN32)
uint64_t MachineMemory() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof(status);
  return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : UINT64_MAX;
}

int MachineCpus() { return static_cast<int>(std::thread::hardware_concurrency()); }

// Not looked up: the limit then counts what Node.js itself holds, some 50 MB, as free.
uint64_t Resident() { return 0; }
#else
uint64_t MachineMemory() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
}

// Those online, whichever this process may use: others of its group use the rest.
int MachineCpus() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

// Bytes of this process that are in memory.
uint64_t Resident() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  return file >> all >> resident ? resident * sysconf(_SC_PAGE_SIZE) : 0;
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
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found;
    std::copy_if(std::begin(kIsas), std::end(kIsas), std::back_inserter(found), CpuHas);
    return found;
  }();
  return isas;
}

Isa ActiveIsa() { return Chosen().isa; }

MatrixUnit ActiveMatrixUnit() { return Chosen().unit; }

std::vector<std::string> AvailableIsaNames() {
  std::vector<std::string> names;
  if (HasAmx()) names.emplace_back(kAmx);
  for (Isa isa : AvailableIsas()) names.emplace_back(IsaName(isa));
  return names;
}

std::string ActiveIsaName() {
  switch (ActiveMatrixUnit()) {
    case MatrixUnit::kAmx:
      return kAmx;
    case MatrixUnit::kAmxEmulated:
      return kAmxEmulated;
    case MatrixUnit::kNone:
      break;
  }
  return IsaName(ActiveIsa());
}

bool HasBf16() {
#if defined(__x86_64__)
  static const bool has = Cpuid().HasAvx512Bf16();
  return has && ActiveIsa() == Isa::kAvx512;
#else
  return false;
#endif
}

std::string CpuModel() {
#if defined(__APPLE__)
  char name[256] = "";
  size_t size = sizeof(name) - 1;
  if (sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0) return name;
#elif defined(_WIN32) && defined(__x86_64__)
  unsigned name[13] = {};  // 48 characters and a zero
  for (unsigned i = 0; i < 3; ++i) {
    unsigned* part = name + 4 * i;
    if (__get_cpuid(0x80000002 + i, part, part + 1, part + 2, part + 3) == 0) return "unknown";
  }
  return reinterpret_cast<const char*>(name);
#else
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
#endif
  return "unknown";
}

int UsableCpus() {
  const auto cores = static_cast<int>(ThisProcess().cores.size());
  const auto cpus = static_cast<int>(std::thread::hardware_concurrency());
  return CoresWithin(Limits(), cores > 0 ? cores : cpus);
}

bool HasCpuQuota() { return Limits().StopThreads(MachineCpus()); }

uint64_t MemoryLimit() { return std::min(MachineMemory(), Limits().memory); }

uint64_t MemoryForStorages() {
  const uint64_t limit = MemoryLimit(), resident = Resident();
  return limit > resident ? limit - resident : 0;
}

}  // namespace vitrine
