#pragma once

#include <napi.h>

namespace vitrine::binding {

// Every op of native/ops as a function that enqueues it.
void ExportAllOps(Napi::Env env, Napi::Object exports);

}  // namespace vitrine::binding
