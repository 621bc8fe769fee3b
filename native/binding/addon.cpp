#include <napi.h>

#include <cstdlib>
#include <stdexcept>

#include "binding/environment.h"
#include "binding/interface.h"
#include "binding/memory.h"
#include "binding/ops.h"
#include "binding/system.h"
#include "gemm/gemm.h"
#include "runtime/stream.h"

namespace vitrine::binding {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  // First: whoever is of another interface asks nothing else.
  exports.Set("interface", kInterface);
  try {
    env.SetInstanceData(new Environment(env));
  } catch (const std::runtime_error& error) {
    throw Napi::Error::New(env, error.what());
  }
  // exit() takes apart the libraries in which commands run; not every way there runs JavaScript's
  // handlers or clean-up hooks (process.reallyExit(), a library's exit()). Registered once the
  // libraries are loaded, and so run before their own.
  static const bool stops_at_exit = [] {
    try {
      gemm::Load();
    } catch (const std::runtime_error&) {
      // Told when it is asked for.
    }
    return std::atexit(&Stream::StopAll) == 0;
  }();
  static_cast<void>(stops_at_exit);
  ExportMemory(env, exports);
  ExportSystem(env, exports);
  ExportAllOps(env, exports);
  return exports;
}

NODE_API_MODULE(vitrine, Initialize)

}  // namespace vitrine::binding
