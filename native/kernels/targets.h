#pragma once

// The instruction sets each kernel is compiled for. Include this before any Highway header.
//
// A list of what to keep, so that it means the same for every version of Highway: AVX2, AVX-512,
// NEON, and Highway's portable fallback for every other CPU (Highway 1.0.3 has no SSE2 target, and
// SSE4 alone would add a third to the build for CPUs made before 2013).
//
// VITRINE_AVX512_ONLY is defined by builds that look for defects outside of kernels.
#ifdef VITRINE_AVX512_ONLY
#define HWY_DISABLED_TARGETS (~HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS (~(HWY_SCALAR | HWY_EMU128 | HWY_AVX2 | HWY_AVX3 | HWY_NEON))
#endif
