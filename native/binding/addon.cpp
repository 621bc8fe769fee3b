#include <napi.h>

#include "binding/environment.h"
#include "binding/memory.h"
#include "binding/ops.h"
#include "binding/system.h"

namespace vitrine::binding {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  try {
    env.SetInstanceData(new Environment(env));
  } catch (const std::runtime_error& error) {
    throw Napi::Error::New(env, error.what());
  }
  ExportMemory(env, exports);
  ExportSystem(env, exports);
  ExportAllOps(env, exports);
  return exports;
}

NODE_API_MODULE(vitrine, Initialize)

}  // namespace vitrine::binding
