#pragma once

#include "gemm/gemm.h"

namespace vitrine::gemm {

// A library that computes Gemm() for products past the plain loop's.
struct Provider {
  Library library;
  decltype(&Gemm) sgemm = nullptr;
  int64_t largest = 0;  // the largest size or row stride that its interface can be told
};

// Both throw std::runtime_error, with one clear sentence, when the library cannot be used.
Provider OpenBlasProvider();
Provider OneDnnProvider();

}  // namespace vitrine::gemm
