#pragma once

#include <napi.h>

namespace vitrine::binding {

// Storages: allocate, retain, release, write, read, fence, capture.
void ExportMemory(Napi::Env env, Napi::Object exports);

}  // namespace vitrine::binding
