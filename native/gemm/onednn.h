#pragma once

#include "gemm/provider.h"

namespace vitrine::gemm {

// Tells oneDNN's OpenMP to leave the calling thread alone. Once a thread is enough.
void UseOneThread();

// A function of the loaded library, null if it has none of that name. Throws std::runtime_error
// without a library.
void* OneDnnSymbol(const char* name);

template <class Function>
void OneDnnFunction(const char* name, Function& function) {
  function = reinterpret_cast<Function>(OneDnnSymbol(name));
}

}  // namespace vitrine::gemm
