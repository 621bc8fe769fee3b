#pragma once

#include <napi.h>

#include <exception>
#include <new>

namespace vitrine::binding {

// A function for JavaScript whose C++ exceptions, whatever they are, arrive there as errors.
template <auto kFunction>
auto Guarded(const Napi::CallbackInfo& info) -> decltype(kFunction(info)) {
  try {
    return kFunction(info);
  } catch (const Napi::Error&) {
    throw;  // one of JavaScript's already
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(info.Env(),
                           "Expected memory for what a call of the native code has to keep but the "
                           "system had none left. Free some, or raise the process's limit.");
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

}  // namespace vitrine::binding
