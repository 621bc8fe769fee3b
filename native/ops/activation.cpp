#include "ops/activation.h"

#include <algorithm>

#include "kernels/bfloat16.h"
#include "kernels/gelu.h"
#include "kernels/relu.h"
#include "kernels/swish.h"
#include "kernels/tanh.h"
#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

void RunActivationForward(Activation activation, float* y, const float* x, int64_t count) {
  switch (activation) {
    case Activation::kNone:
      std::copy_n(x, count, y);
      return;
    case Activation::kGelu:
      return kernels::GeluForward(y, x, count);
    case Activation::kGeluTanh:
      return kernels::GeluTanhForward(y, x, count);
    case Activation::kRelu:
      return kernels::ReluForward(y, x, count);
    case Activation::kTanh:
      return kernels::TanhForward(y, x, count);
    case Activation::kSilu:
      return kernels::SiluForward(y, x, count);
    case Activation::kQuickGelu:
      return kernels::QuickGeluForward(y, x, count);
  }
}

void RunBackwardFp32(Activation activation, float* dx, const float* dy, const float* x,
                     int64_t count) {
  switch (activation) {
    case Activation::kNone:
      std::copy_n(dy, count, dx);
      return;
    case Activation::kGelu:
      return kernels::GeluBackward(dx, dy, x, count);
    case Activation::kGeluTanh:
      return kernels::GeluTanhBackward(dx, dy, x, count);
    case Activation::kRelu:
      return kernels::ReluBackward(dx, dy, x, count);
    case Activation::kTanh:
      return kernels::TanhBackward(dx, dy, x, count);
    case Activation::kSilu:
      return kernels::SiluBackward(dx, dy, x, count);
    case Activation::kQuickGelu:
      return kernels::QuickGeluBackward(dx, dy, x, count);
  }
}

}  // namespace

void RunActivationBackward(Activation activation, const Out<Floats>& dx, const In<Floats>& dy,
                           const In<Floats>& x, int64_t begin, int64_t count) {
  if (x.bf16) {
    return kernels::ActivationBackwardBf16(static_cast<int32_t>(activation), dx.halves() + begin,
                                           dy.halves() + begin, x.halves() + begin, count);
  }
  RunBackwardFp32(activation, dx.floats() + begin, dy.floats() + begin, x.floats() + begin, count);
}

void ActivationForward::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    if (x.bf16) {
      kernels::ActivationForwardBf16(activation, y.halves() + begin, x.halves() + begin, n);
    } else {
      RunActivationForward(static_cast<Activation>(activation), y.floats() + begin,
                           x.floats() + begin, n);
    }
  });
}

void ActivationBackward::Run(Context& context) {
  ForElements(context, count, [&](int64_t begin, int64_t n) {
    RunActivationBackward(static_cast<Activation>(activation), dx, dy, x, begin, n);
  });
}

}  // namespace vitrine::ops
