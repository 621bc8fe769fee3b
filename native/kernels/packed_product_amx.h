#pragma once

#if defined(__x86_64__)

#include "kernels/packed_product.h"

// The packed product on AMX's tiles, 16 rows of 64 bytes each, of which a block has four of c, two
// of a and two of b: 32 rows by 32 columns. A tile of b is words as they are packed for vectors. On
// the unit itself, or where that is emulated by the same code over tiles in memory.
namespace vitrine::kernels {

// In bfloat16. `vectors` is AVX512_BF16's, which packs. TDPBF16PS adds the products of even and odd
// places of a tile's 32 along k apart, each by fused multiply-adds, then both, then that to c, and
// takes numbers below the normal ones for 0. So bits differ from those of vdpbf16ps, which adds
// pair by pair; sums of whole numbers that fit 24 bits do not.
PackedKernel AmxBf16Kernel(const PackedKernel& vectors);

// In whole numbers of 8 bits, by TDPBSSD: the bits of every other instruction set.
PackedKernel AmxInt8Kernel();

}  // namespace vitrine::kernels

#endif
