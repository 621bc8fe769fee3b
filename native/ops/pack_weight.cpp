#include "ops/pack_weight.h"

namespace vitrine::ops {

bool KeptOrAbsent(const In<float>& kept, int64_t out, int64_t in, bool bf16) {
  return kept.data == nullptr || Holds(kept, gemm::KeptFloats(out, in, bf16));
}

bool PackWeight::Valid() const {
  return (!bf16 || HasBf16()) && Holds(weight, Product(out, in)) &&
         Holds(y, gemm::KeptFloats(out, in, bf16));
}

void PackWeight::Run(Context& context) {
  if (Product(out, in) > 0) gemm::PackWeight(context, y, weight, out, in, bf16);
}

}  // namespace vitrine::ops
