#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vitrine {

// The instruction sets that the kernels are compiled for, slowest first.
enum class Isa { kScalar, kNeon, kAvx2, kAvx512 };

// Those of this build, fastest first.
#if defined(VITRINE_AVX512_ONLY)  // see kernels/targets.h
inline constexpr Isa kIsas[] = {Isa::kAvx512};
#elif defined(__x86_64__)
inline constexpr Isa kIsas[] = {Isa::kAvx512, Isa::kAvx2, Isa::kScalar};
#elif defined(__aarch64__)
inline constexpr Isa kIsas[] = {Isa::kNeon};
#else
inline constexpr Isa kIsas[] = {Isa::kScalar};
#endif

const char* IsaName(Isa isa);

// The sets that this CPU can run, fastest first.
std::vector<Isa> AvailableIsas();

// The set that kernels run on: the fastest, or the one that VITRINE_ISA names. Chosen once, at the
// first call. Throws std::runtime_error when VITRINE_ISA names a set that is unknown or not of this
// CPU.
Isa ActiveIsa();

// What multiplies bfloat16 and 8-bit factors besides vectors: AMX, or its instructions emulated on
// AVX-512, which VITRINE_ISA=amx-emulated asks for so that CPUs without AMX can test all that is
// around them.
enum class MatrixUnit { kNone, kAmx, kAmxEmulated };
MatrixUnit ActiveMatrixUnit();

// The same as names: AMX is one more instruction set, the fastest. That of products is `amx` or
// `amx-emulated` where other kernels run on AVX-512.
std::vector<std::string> AvailableIsaNames();
std::string ActiveIsaName();

// Whether kernels may use AVX512_BF16: dot products of bfloat16 pairs, summed in float32.
bool HasBf16();

std::string CpuModel();

// Cores that this process may use: those that its affinity mask has a CPU of, cut to the whole CPUs
// of its control groups' quotas. At least 1.
int UsableCpus();

// Whether a control group limits this process's CPU time to less than the machine has, and stops
// its threads when that is used up; spinning uses it, too.
bool HasCpuQuota();

// Bytes of memory that this process may use: the machine's, cut to its control groups' limits.
uint64_t MemoryLimit();

// The same less what the process has in memory already.
uint64_t MemoryForStorages();

}  // namespace vitrine
