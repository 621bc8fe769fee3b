#include "ops/pack_weight.h"

namespace vitrine::ops {

bool KeptOrAbsent(const In<float>& kept, int64_t out, int64_t in, gemm::Precision precision) {
  return kept.data == nullptr || Holds(kept, gemm::KeptFloats(out, in, precision));
}

bool PackWeight::Valid() const {
  if (precision < 0 || precision > static_cast<int32_t>(gemm::Precision::kInt8)) return false;
  return Holds(weight, Product(out, in)) &&
         Holds(y, gemm::KeptFloats(out, in, static_cast<gemm::Precision>(precision)));
}

void PackWeight::Run(Context& context) {
  if (Product(out, in) == 0) return;
  gemm::PackWeight(context, y, weight, out, in, static_cast<gemm::Precision>(precision));
}

}  // namespace vitrine::ops
