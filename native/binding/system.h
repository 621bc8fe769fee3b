#pragma once

#include <napi.h>

namespace vitrine::binding {

// The machine and the runtime: information, threads, reset.
void ExportSystem(Napi::Env env, Napi::Object exports);

}  // namespace vitrine::binding
