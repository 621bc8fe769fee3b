#pragma once

#include <initializer_list>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace vitrine::gemm {

// A library that is looked up at run time: the first of `names` that the system has, or nullptr.
inline void* OpenFirst(std::initializer_list<const char*> names) {
  for (const char* name : names) {
#if defined(_WIN32)
    if (HMODULE handle = LoadLibraryA(name)) return reinterpret_cast<void*>(handle);
#else
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return handle;
#endif
  }
  return nullptr;
}

// nullptr where the library has no such function.
template <class Function>
Function* Symbol(void* library, const char* name) {
#if defined(_WIN32)
  return reinterpret_cast<Function*>(
      reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(library), name)));
#else
  return reinterpret_cast<Function*>(dlsym(library, name));
#endif
}

inline void Close(void* library) {
#if defined(_WIN32)
  FreeLibrary(reinterpret_cast<HMODULE>(library));
#else
  dlclose(library);
#endif
}

}  // namespace vitrine::gemm
