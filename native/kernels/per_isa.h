#pragma once

#include "runtime/cpu.h"

namespace vitrine::kernels {

template <class Function>
class PerIsa;

// A kernel as its callers see it: one function for each instruction set, of which a call runs that
// of ActiveIsa(). Its header declares it as
// `extern const PerIsa<void(float* y, const float* x, int64_t n)> Name;`.
template <class Result, class... Args>
class PerIsa<Result(Args...)> {
 public:
  using Function = Result(Args...);
  constexpr PerIsa(Function* scalar, Function* neon, Function* avx2, Function* avx512)
      : of_{scalar, neon, avx2, avx512} {
    for (Isa isa : kIsas) {
      if (of_[static_cast<int>(isa)] == nullptr) throw "not compiled for every instruction set";
    }
  }
  Result operator()(Args... args) const noexcept {
    return of_[static_cast<int>(ActiveIsa())](args...);
  }

 private:
  Function* of_[4];  // by Isa
};

}  // namespace vitrine::kernels

// Registers a kernel: the functions of that name in N_AVX2 and its like, which are Highway's
// namespaces. Inside #if HWY_ONCE.
#define KERNEL(NAME)                                                                               \
  constinit const PerIsa<decltype(HWY_STATIC_DISPATCH(NAME))> NAME {                               \
    HWY_CHOOSE_FALLBACK(NAME), HWY_CHOOSE_NEON(NAME), HWY_CHOOSE_AVX2(NAME), HWY_CHOOSE_AVX3(NAME) \
  }
