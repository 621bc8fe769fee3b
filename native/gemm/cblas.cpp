// OpenBLAS through its CBLAS interface, opened at run time rather than linked: the kernels it will
// use are chosen while it loads, and Debian 12's 0.3.21 takes CPUs newer than itself for a Prescott
// of 2004 (SSE3, measured on an Emerald Rapids: 18 GFLOP/s against 150), so the choice may have to
// be made for it.

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "gemm/load_environment.h"
#include "gemm/provider.h"
#include "gemm/shared_library.h"
#include "runtime/cpu.h"

namespace vitrine::gemm {
namespace {

using SgemmFunction = void(int order, int transpose_a, int transpose_b, int m, int n, int k,
                           float alpha, const float* a, int lda, const float* b, int ldb,
                           float beta, float* c, int ldc);

constexpr int kRowMajor = 101;
constexpr int kNoTranspose = 111;
constexpr int kTranspose = 112;

struct OpenBlas {
  void* handle = nullptr;
  SgemmFunction* sgemm = nullptr;
  Library library;
};

// The instruction set behind each of OpenBLAS's x86 core names; names not listed run at most
// 128-bit SSE.
Isa CoreIsa(const std::string& core) {
  for (const char* name : {"SkylakeX", "Cooperlake", "SapphireRapids"}) {
    if (core == name) return Isa::kAvx512;
  }
  for (const char* name : {"Haswell", "Zen"}) {
    if (core == name) return Isa::kAvx2;
  }
  return Isa::kScalar;
}

const char* CoreFor(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "SkylakeX";
    case Isa::kAvx2:
      return "Haswell";
    default:
      return "Nehalem";
  }
}

void* OpenLibrary() {
  return OpenFirst({"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib",
                    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
                    "/usr/local/opt/openblas/lib/libopenblas.dylib", "libopenblas.dll"});
}

std::string CoreName(void* handle) {
  auto* core_name = Symbol<char*()>(handle, "openblas_get_corename");
  return core_name ? core_name() : "unknown";
}

std::string SlowLibrary(const std::string& core) {
  return "OpenBLAS runs its " + core + " kernels, though this CPU has " + IsaName(ActiveIsa()) +
         ": matrix products through it take about twice as long or more. Install an OpenBLAS built "
         "with DYNAMIC_ARCH, or oneDNN (`apt-get install libdnnl2`).";
}

std::string SlowChoice(const std::string& user_core, const std::string& core) {
  return "OPENBLAS_CORETYPE=" + user_core + " makes OpenBLAS run its " + core +
         " kernels, though this CPU has " + IsaName(ActiveIsa()) +
         ": matrix products through it take about twice as long. Unset OPENBLAS_CORETYPE (and "
         "OPENBLAS_L2_SIZE).";
}

// Our pool calls OpenBLAS from each of its threads: OpenBLAS's own, which it starts while it loads,
// would only sit there.
constexpr const char* kOneThread = "OPENBLAS_NUM_THREADS=1";

OpenBlas Open() {
  OpenBlas blas;
  {
    const LoadEnvironment environment({kOneThread});
    blas.handle = OpenLibrary();
  }
  if (blas.handle == nullptr) {
    throw std::runtime_error(
        "Expected the OpenBLAS library (libopenblas.so.0) but the system has none. "
        "Install it: `apt-get install libopenblas0`, or run `npm run setup` in a checkout.");
  }
#if defined(__x86_64__)
  const char* user_core = std::getenv("OPENBLAS_CORETYPE");
  if (user_core == nullptr && CoreIsa(CoreName(blas.handle)) != ActiveIsa()) {
    const LoadEnvironment environment(
        {kOneThread, std::string("OPENBLAS_CORETYPE=") + CoreFor(ActiveIsa())});
    Close(blas.handle);
    blas.handle = OpenLibrary();
  }
#endif
  blas.sgemm = Symbol<SgemmFunction>(blas.handle, "cblas_sgemm");
  if (blas.sgemm == nullptr) {
    throw std::runtime_error(
        "Expected cblas_sgemm in the OpenBLAS library but it has none. Install a build with CBLAS: "
        "`apt-get install "
        "libopenblas0-pthread`.");
  }
  if (auto* set_threads = Symbol<void(int)>(blas.handle, "openblas_set_num_threads"))
    set_threads(1);

  blas.library.name = "OpenBLAS";
  if (auto* config = Symbol<char*()>(blas.handle, "openblas_get_config")) {
    const std::string text = config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    blas.library.name = text.substr(0, text.find(' ', text.find(' ') + 1));
  }
  blas.library.core = CoreName(blas.handle);
#if defined(__x86_64__)
  if (CoreIsa(blas.library.core) < ActiveIsa()) {
    blas.library.warning = user_core == nullptr ? SlowLibrary(blas.library.core)
                                                : SlowChoice(user_core, blas.library.core);
  }
#endif
  return blas;
}

const OpenBlas& Loaded() {
  static const OpenBlas blas = Open();
  return blas;
}

void Multiply(const MatrixProduct& product) {
  static SgemmFunction* const sgemm = Loaded().sgemm;
  const auto size = [](int64_t value) { return static_cast<int>(value); };
  const auto transpose = [](const Factor& x) { return x.transposed ? kTranspose : kNoTranspose; };
  const Factor& a = product.a;
  const Factor& b = product.b;
  sgemm(kRowMajor, transpose(a), transpose(b), size(product.m), size(product.n), size(product.k), 1,
        a.floats(), size(a.stride), b.floats(), size(b.stride), product.accumulate ? 1 : 0,
        product.c, size(product.ldc));
}

}  // namespace

// Its sizes are ints.
LibraryFunctions OpenCblas() {
  return {Loaded().library, &Multiply, std::numeric_limits<int>::max()};
}

}  // namespace vitrine::gemm
