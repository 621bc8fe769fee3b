// Written by scripts/generate.mjs: what the addon and its TypeScript know of each
// other, as a digest.
#pragma once

namespace vitrine::binding {

inline constexpr char kInterface[] = "d58ebe450dda2291";

}  // namespace vitrine::binding
