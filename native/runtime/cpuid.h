#pragma once

#if defined(__x86_64__)

#include <cpuid.h>

#include <cstdint>

namespace vitrine {

// What an x86 CPU says that it has, where the operating system saves the registers that it takes.
// Not __builtin_cpu_supports, whose data stand in GCC's library: not every linker has that.
class Cpuid {
 public:
  Cpuid() {
    unsigned unused = 0;
    __get_cpuid(1, &unused, &unused, &basic_ecx_, &unused);
    __get_cpuid_count(7, 0, &unused, &extended_ebx_, &extended_ecx_, &extended_edx_);
    __get_cpuid_count(7, 1, &extended1_eax_, &unused, &unused, &unused);
    __get_cpuid(0x80000001, &unused, &unused, &amd_ecx_, &unused);
    if (Bit(basic_ecx_, kOsxsave)) saved_ = SavedRegisters();
  }

  // What Highway has kernels compiled with for HWY_AVX2.
  bool HasAvx2() const {
    constexpr unsigned kXmmAndYmm = 0x06;
    return (saved_ & kXmmAndYmm) == kXmmAndYmm && Bit(basic_ecx_, kFma) && Bit(basic_ecx_, kF16c) &&
           Bit(basic_ecx_, kAes) && Bit(basic_ecx_, kPclmul) && Bit(extended_ebx_, kAvx2) &&
           Bit(extended_ebx_, kBmi) && Bit(extended_ebx_, kBmi2) && Bit(amd_ecx_, kLzcnt);
  }
  // Likewise for HWY_AVX3.
  bool HasAvx512() const {
    return HasAvx2() && SavesZmm() && Bit(extended_ebx_, kAvx512F) &&
           Bit(extended_ebx_, kAvx512Dq) && Bit(extended_ebx_, kAvx512Bw) &&
           Bit(extended_ebx_, kAvx512Vl);
  }
  bool HasAvx512Vnni() const { return HasAvx512() && Bit(extended_ecx_, kAvx512Vnni); }
  bool HasAvxVnni() const { return HasAvx2() && Bit(extended1_eax_, kAvxVnni); }
  bool HasAmx() const {
    constexpr unsigned kTiles = 0x60000;  // their configuration and their data
    return HasAvx512Bf16() && (saved_ & kTiles) == kTiles && Bit(extended_edx_, kAmxBf16) &&
           Bit(extended_edx_, kAmxTile) && Bit(extended_edx_, kAmxInt8);
  }
  bool HasAvx512Bf16() const { return HasAvx512() && Bit(extended1_eax_, kAvx512Bf16); }

 private:
  // Intel's manual, volume 2A, CPUID: leaf 1, leaf 7, leaf 7.1; AMD's, volume 3: leaf 80000001.
  static constexpr int kPclmul = 1, kFma = 12, kAes = 25, kOsxsave = 27, kF16c = 29;
  static constexpr int kBmi = 3, kAvx2 = 5, kBmi2 = 8, kAvx512F = 16, kAvx512Dq = 17,
                       kAvx512Bw = 30, kAvx512Vl = 31;
  static constexpr int kAvx512Vnni = 11;
  static constexpr int kAmxBf16 = 22, kAmxTile = 24, kAmxInt8 = 25;
  static constexpr int kAvxVnni = 4, kAvx512Bf16 = 5;
  static constexpr int kLzcnt = 5;

  static bool Bit(unsigned word, int bit) { return (word >> bit & 1) != 0; }

  static unsigned SavedRegisters() {
    unsigned low = 0, high = 0;
    asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
  }

  bool SavesZmm() const {
#if defined(__APPLE__)
    return true;  // macOS begins to save them when a thread first uses them
#else
    constexpr unsigned kMaskAndZmm = 0xe0;
    return (saved_ & kMaskAndZmm) == kMaskAndZmm;
#endif
  }

  unsigned basic_ecx_ = 0, extended1_eax_ = 0, amd_ecx_ = 0;
  unsigned extended_ebx_ = 0, extended_ecx_ = 0, extended_edx_ = 0;
  unsigned saved_ = 0;
};

}  // namespace vitrine

#endif
