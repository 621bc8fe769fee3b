#pragma once

#include <cstdlib>

namespace vitrine::gemm {

// Sets an environment variable, unless the user did, for as long as the library takes to load.
class TemporaryVariable {
 public:
  TemporaryVariable(const char* name, const char* value)
      : name_(name), set_(std::getenv(name) == nullptr) {
    if (set_) setenv(name, value, 1);
  }
  ~TemporaryVariable() {
    if (set_) unsetenv(name_);
  }

 private:
  const char* name_;
  bool set_;
};

}  // namespace vitrine::gemm
