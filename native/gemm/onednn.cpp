// oneDNN, opened at run time if the system has it. It generates its kernels for the CPU that it
// finds, so that no table of core names can be out of date.

#if defined(__linux__)
#include <sched.h>
#endif

#include <limits>
#include <new>
#include <stdexcept>
#include <string>

#include "gemm/provider.h"
#include "gemm/shared_library.h"
#include "runtime/cpu.h"

namespace vitrine::gemm {
namespace {

// From oneapi/dnnl/dnnl.h and dnnl_types.h, stable since 1.0.
using SgemmFunction = int(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k,
                          float alpha, const float* a, int64_t lda, const float* b, int64_t ldb,
                          float beta, float* c, int64_t ldc);
struct Version {
  int major, minor, patch;
  const char* hash;
  unsigned cpu_runtime, gpu_runtime;
};
constexpr int kCpuIsaAvx2 = 0x7;
// Of dnnl_status_t.
constexpr int kSuccess = 0;
constexpr int kOutOfMemory = 1;

struct OneDnn {
  SgemmFunction* sgemm = nullptr;
  void (*set_threads)(int) = nullptr;
  Library library;
};

// The CPUs that this thread may run on, given back at the end: where the environment has
// OMP_PROC_BIND or GOMP_CPU_AFFINITY, OpenMP binds the thread that loads it, JavaScript's, to one.
class KeepAffinity {
#if defined(__linux__)
 public:
  KeepAffinity() : known_(sched_getaffinity(0, sizeof set_, &set_) == 0) {}
  ~KeepAffinity() {
    if (known_) sched_setaffinity(0, sizeof set_, &set_);
  }
  KeepAffinity(const KeepAffinity&) = delete;
  KeepAffinity& operator=(const KeepAffinity&) = delete;

 private:
  cpu_set_t set_;
  bool known_;
#endif
};

OneDnn Open() {
  if (ActiveIsa() == Isa::kScalar) {
    throw std::runtime_error("Expected at least AVX2 for oneDNN but the kernels run on scalar.");
  }
  [[maybe_unused]] const KeepAffinity affinity;
  void* handle = OpenFirst({"libdnnl.so.3", "libdnnl.so.2", "libdnnl.dylib", "dnnl.dll"});
  if (handle == nullptr) {
    throw std::runtime_error(
        "Expected the oneDNN library (libdnnl.so) but the system has none. Install it: `apt-get "
        "install libdnnl2`, or "
        "unset VITRINE_GEMM.");
  }
  OneDnn dnnl;
  dnnl.sgemm = Symbol<SgemmFunction>(handle, "dnnl_sgemm");
  auto* const version = Symbol<const Version*()>(handle, "dnnl_version");
  auto* const set_isa = Symbol<int(int)>(handle, "dnnl_set_max_cpu_isa");
  // oneDNN comes with its own OpenMP threads; each of ours must tell them to stay away.
  if (void* openmp = OpenFirst({"libgomp.so.1", "libomp.so.5", "libomp.dylib",
                                "libomp140.x86_64.dll", "vcomp140.dll"})) {
    dnnl.set_threads = Symbol<void(int)>(openmp, "omp_set_num_threads");
  }
  if (dnnl.sgemm == nullptr || version == nullptr || dnnl.set_threads == nullptr) {
    throw std::runtime_error(
        "Expected a oneDNN library with dnnl_sgemm on OpenMP but it has another threading. Unset "
        "VITRINE_GEMM.");
  }
  if (ActiveIsa() == Isa::kAvx2 && set_isa != nullptr && set_isa(kCpuIsaAvx2) != kSuccess) {
    dnnl.library.warning =
        "oneDNN did not take VITRINE_ISA=avx2: its products may differ in the last bits from those "
        "of another CPU.";
  }
  const Version& v = *version();
  dnnl.library.name = "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." +
                      std::to_string(v.patch);
  dnnl.library.core = IsaName(ActiveIsa());
  return dnnl;
}

const OneDnn& Loaded() {
  static const OneDnn dnnl = Open();
  return dnnl;
}

void Multiply(const MatrixProduct& product) {
  // Once a thread: oneDNN's OpenMP is to leave it alone.
  thread_local const bool one_thread = (Loaded().set_threads(1), true);
  static_cast<void>(one_thread);
  static SgemmFunction* const sgemm = Loaded().sgemm;
  const int64_t m = product.m, n = product.n, k = product.k;
  const Factor& a = product.a;
  const Factor& b = product.b;
  const auto transpose = [](const Factor& x) { return x.transposed ? 'T' : 'N'; };
  const int status = sgemm(transpose(a), transpose(b), m, n, k, 1, a.floats(), a.stride, b.floats(),
                           b.stride, product.accumulate ? 1 : 0, product.c, product.ldc);
  if (status == kSuccess) return;
  if (status == kOutOfMemory) throw std::bad_alloc();
  throw std::runtime_error("Expected oneDNN to multiply " + std::to_string(m) + " x " +
                           std::to_string(k) + " by " + std::to_string(k) + " x " +
                           std::to_string(n) + " but it gave status " + std::to_string(status) +
                           ". Unset VITRINE_GEMM to use vitrine's own kernels.");
}

}  // namespace

LibraryFunctions OpenOneDnn() {
  return {Loaded().library, &Multiply, std::numeric_limits<int64_t>::max()};
}

}  // namespace vitrine::gemm
