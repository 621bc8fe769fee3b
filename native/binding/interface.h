// Written by scripts/generate.mjs: what the addon and its TypeScript know of each
// other, as a digest.
#pragma once

namespace vitrine::binding {

inline constexpr char kInterface[] = "fe09cc7038f7b0a6";

}  // namespace vitrine::binding
