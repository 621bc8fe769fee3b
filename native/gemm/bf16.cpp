#include "gemm/bf16.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>

#include "gemm/onednn.h"
#include "runtime/cpu.h"

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#if DNNL_VERSION_MAJOR == 2
#define VITRINE_BF16 1
#endif
#endif

namespace vitrine::gemm {

#ifdef VITRINE_BF16
namespace {

// oneDNN's functions by their own names, looked up in the library that is loaded.
struct Api {
  decltype(&dnnl_engine_create) engine_create;
  decltype(&dnnl_stream_create) stream_create;
  decltype(&dnnl_memory_desc_init_by_strides) memory_desc_init_by_strides;
  decltype(&dnnl_memory_create) memory_create;
  decltype(&dnnl_memory_set_data_handle) memory_set_data_handle;
  decltype(&dnnl_matmul_desc_init) matmul_desc_init;
  decltype(&dnnl_primitive_attr_create) primitive_attr_create;
  decltype(&dnnl_primitive_attr_destroy) primitive_attr_destroy;
  decltype(&dnnl_primitive_attr_set_post_ops) primitive_attr_set_post_ops;
  decltype(&dnnl_post_ops_create) post_ops_create;
  decltype(&dnnl_post_ops_destroy) post_ops_destroy;
  decltype(&dnnl_post_ops_append_sum) post_ops_append_sum;
  decltype(&dnnl_primitive_desc_create) primitive_desc_create;
  decltype(&dnnl_primitive_desc_destroy) primitive_desc_destroy;
  decltype(&dnnl_primitive_create) primitive_create;
  decltype(&dnnl_primitive_execute) primitive_execute;
};

#define VITRINE_LOOK_UP(name) OneDnnFunction("dnnl_" #name, api.name)
Api LookUp() {
  Api api;
  VITRINE_LOOK_UP(engine_create);
  VITRINE_LOOK_UP(stream_create);
  VITRINE_LOOK_UP(memory_desc_init_by_strides);
  VITRINE_LOOK_UP(memory_create);
  VITRINE_LOOK_UP(memory_set_data_handle);
  VITRINE_LOOK_UP(matmul_desc_init);
  VITRINE_LOOK_UP(primitive_attr_create);
  VITRINE_LOOK_UP(primitive_attr_destroy);
  VITRINE_LOOK_UP(primitive_attr_set_post_ops);
  VITRINE_LOOK_UP(post_ops_create);
  VITRINE_LOOK_UP(post_ops_destroy);
  VITRINE_LOOK_UP(post_ops_append_sum);
  VITRINE_LOOK_UP(primitive_desc_create);
  VITRINE_LOOK_UP(primitive_desc_destroy);
  VITRINE_LOOK_UP(primitive_create);
  VITRINE_LOOK_UP(primitive_execute);
  return api;
}
#undef VITRINE_LOOK_UP

void Check(dnnl_status_t status) {
  if (status != dnnl_success) {
    throw std::runtime_error("oneDNN failed with status " + std::to_string(status));
  }
}

// A product of one shape: generated once, then run on other memory.
struct Product {
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, c;
};

using Key = std::tuple<bool, bool, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool>;

// A thread's own engine, stream and products: oneDNN's memory objects carry the pointers, so
// threads cannot share them. They live as long as the process; a model has a few dozen shapes.
class Products {
 public:
  Products() : api_(LookUp()) {
    UseOneThread();
    Check(api_.engine_create(&engine_, dnnl_cpu, 0));
    Check(api_.stream_create(&stream_, engine_, dnnl_stream_default_flags));
  }

  void Run(const Key& key, const Bf16* a, const Bf16* b, float* c) {
    auto found = products_.find(key);
    if (found == products_.end()) found = products_.emplace(key, Create(key)).first;
    const Product& product = found->second;
    Check(api_.memory_set_data_handle(product.a, const_cast<Bf16*>(a)));
    Check(api_.memory_set_data_handle(product.b, const_cast<Bf16*>(b)));
    Check(api_.memory_set_data_handle(product.c, c));
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, product.a}, {DNNL_ARG_WEIGHTS, product.b}, {DNNL_ARG_DST, product.c}};
    Check(api_.primitive_execute(product.primitive, stream_, 3, arguments));
  }

 private:
  Product Create(const Key& key) {
    const auto& [transpose_a, transpose_b, m, n, k, lda, ldb, ldc, accumulate] = key;
    const auto a = Describe(m, k, transpose_a ? 1 : lda, transpose_a ? lda : 1, dnnl_bf16);
    const auto b = Describe(k, n, transpose_b ? 1 : ldb, transpose_b ? ldb : 1, dnnl_bf16);
    const auto c = Describe(m, n, ldc, 1, dnnl_f32);
    dnnl_matmul_desc_t description;
    Check(api_.matmul_desc_init(&description, &a, &b, nullptr, &c));
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t post_ops;
    Check(api_.primitive_attr_create(&attributes));
    Check(api_.post_ops_create(&post_ops));
    if (accumulate) Check(api_.post_ops_append_sum(post_ops, 1.0f));
    Check(api_.primitive_attr_set_post_ops(attributes, post_ops));
    dnnl_primitive_desc_t primitive_description;
    Check(api_.primitive_desc_create(&primitive_description, &description, attributes, engine_,
                                     nullptr));
    Product product;
    Check(api_.primitive_create(&product.primitive, primitive_description));
    api_.primitive_desc_destroy(primitive_description);
    api_.post_ops_destroy(post_ops);
    api_.primitive_attr_destroy(attributes);
    Check(api_.memory_create(&product.a, &a, engine_, DNNL_MEMORY_NONE));
    Check(api_.memory_create(&product.b, &b, engine_, DNNL_MEMORY_NONE));
    Check(api_.memory_create(&product.c, &c, engine_, DNNL_MEMORY_NONE));
    return product;
  }

  dnnl_memory_desc_t Describe(int64_t rows, int64_t columns, int64_t row_stride,
                              int64_t column_stride, dnnl_data_type_t type) {
    const dnnl_dims_t sizes = {rows, columns};
    const dnnl_dims_t strides = {row_stride, column_stride};
    dnnl_memory_desc_t description;
    Check(api_.memory_desc_init_by_strides(&description, 2, sizes, type, strides));
    return description;
  }

  Api api_;
  dnnl_engine_t engine_;
  dnnl_stream_t stream_;
  std::map<Key, Product> products_;
};

}  // namespace

const std::string& WhyNoBf16() {
  static const std::string why = [] {
    try {
      OneDnnProvider();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    if (!HasBf16()) {
      return std::string(
          "Expected a CPU with AVX512_BF16 for precision 'bf16' but this one has none. Use "
          "precision: 'fp32'.");
    }
    return std::string();
  }();
  return why;
}

bool GemmBf16(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
              const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb, bool accumulate, float* c,
              int64_t ldc) {
  if (m == 0 || n == 0) return true;
  if (k == 0) {  // oneDNN 2.6 divides by it
    for (int64_t row = 0; row < m && !accumulate; ++row) std::fill_n(c + row * ldc, n, 0.0f);
    return true;
  }
  try {
    thread_local Products products;
    products.Run({transpose_a == Transpose::kYes, transpose_b == Transpose::kYes, m, n, k, lda, ldb,
                  ldc, accumulate},
                 a, b, c);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

#else

const std::string& WhyNoBf16() {
  static const std::string why =
      "Expected an addon built with oneDNN 2 for precision 'bf16' but this one was built without. "
      "Install libdnnl-dev "
      "and build again with `npx vitrine setup`, or use precision: 'fp32'.";
  return why;
}

bool GemmBf16(Transpose, Transpose, int64_t, int64_t, int64_t, const Bf16*, int64_t, const Bf16*,
              int64_t, bool, float*, int64_t) {
  return false;
}

#endif  // VITRINE_BF16

}  // namespace vitrine::gemm
