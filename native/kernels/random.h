#pragma once

#include <cstdint>

// Counter-based random numbers (Philox4x32-10): element i of a call depends on seed and offset + i
// alone, so a range may be filled in any pieces, by any threads, on any instruction set, to the
// same bits.
namespace vitrine::kernels {

// 32 random bits each; elements 4c to 4c + 3 are the words of counter c under key `seed`.
void RandomBits(uint32_t* bits, int64_t n, uint64_t seed, uint64_t offset) noexcept;

// Uniform in [0, 1), a multiple of 2^-24.
void UniformFill(float* y, int64_t n, uint64_t seed, uint64_t offset) noexcept;

// Normal with mean 0 and deviation 1. Compiled without -ffp-contract=off, the last bit may differ
// between instruction sets.
void NormalFill(float* y, int64_t n, uint64_t seed, uint64_t offset) noexcept;

// Normal with mean 0 and deviation 1, redrawn while beyond +-2, by the inverse distribution
// function.
void TruncatedNormalFill(float* y, int64_t n, uint64_t seed, uint64_t offset) noexcept;

// Uniform integers in [low, high); low < high.
void IntFill(int32_t* y, int64_t n, int32_t low, int32_t high, uint64_t seed,
             uint64_t offset) noexcept;

}  // namespace vitrine::kernels
