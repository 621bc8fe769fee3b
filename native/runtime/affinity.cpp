#include "runtime/affinity.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#endif

namespace vitrine {

#if defined(__linux__)
namespace {

constexpr size_t kMostCpus = 8192;  // Linux's own limit
using CpuMask = std::array<unsigned long, kMostCpus / 8 / sizeof(unsigned long)>;
constexpr size_t kBits = 8 * sizeof(unsigned long);

}  // namespace

std::vector<int> AllowedCpus() {
  CpuMask mask{};
  // The system call says how much it wrote; the C library's function knows sizes of its own only.
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask.data());
  std::vector<int> cpus;
  for (size_t cpu = 0; bytes > 0 && cpu < 8 * static_cast<size_t>(bytes); ++cpu) {
    if ((mask[cpu / kBits] >> cpu % kBits & 1) != 0) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

bool RunOn(const std::vector<int>& cpus) {
  CpuMask mask{};
  for (const int cpu : cpus) {
    const auto place = static_cast<size_t>(cpu);
    if (place < kMostCpus) mask[place / kBits] |= 1UL << place % kBits;
  }
  return syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask.data()) == 0;
}

bool SpreadOver(const std::vector<int>& nodes, void* data, size_t bytes) {
  // As mbind(2) has them; its wrapper is libnuma's.
  constexpr int kInterleave = 3;
  constexpr unsigned kMove = 2;
  constexpr size_t kMostNodes = 1024;
  std::array<unsigned long, kMostNodes / kBits> mask{};
  for (const int node : nodes) {
    const auto place = static_cast<size_t>(node);
    if (place < kMostNodes) mask[place / kBits] |= 1UL << place % kBits;
  }
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGE_SIZE));
  const auto address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t begin = (address + page - 1) / page * page, end = (address + bytes) / page * page;
  if (end <= begin) return true;
  return syscall(SYS_mbind, begin, end - begin, kInterleave, mask.data(), kMostNodes + 1, kMove) ==
         0;
}
#else
std::vector<int> AllowedCpus() { return {}; }
bool RunOn(const std::vector<int>&) { return false; }
bool SpreadOver(const std::vector<int>&, void*, size_t) { return false; }
#endif

}  // namespace vitrine
