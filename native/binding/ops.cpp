#include "binding/ops.h"

#include "binding/unpack.h"
#include "ops/all_ops.h"

namespace vitrine::binding {

void ExportAllOps(Napi::Env env, Napi::Object exports) { ExportOps(env, exports, ops::AllOps()); }

}  // namespace vitrine::binding
