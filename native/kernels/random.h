#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// Counter-based random numbers (Philox4x32-10): element i of a call depends on seed and offset + i
// alone, so a range may be filled in any pieces, by any threads, on any instruction set, to the
// same bits.
namespace vitrine::kernels {

// Uniform in [0, 1), a multiple of 2^-24.
extern const PerIsa<void(float* y, int64_t n, uint64_t seed, uint64_t offset)> UniformFill;

// Normal with mean 0 and deviation 1. Compiled without -ffp-contract=off, the last bit may differ
// between instruction sets.
extern const PerIsa<void(float* y, int64_t n, uint64_t seed, uint64_t offset)> NormalFill;

// Normal with mean 0 and deviation 1, redrawn while beyond +-2, by the inverse distribution
// function.
extern const PerIsa<void(float* y, int64_t n, uint64_t seed, uint64_t offset)> TruncatedNormalFill;

// Uniform integers in [low, high); low < high.
extern const PerIsa<void(int32_t* y, int64_t n, int32_t low, int32_t high, uint64_t seed,
                         uint64_t offset)>
    IntFill;

}  // namespace vitrine::kernels
