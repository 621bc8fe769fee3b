#include "kernels/optimizers.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizers.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <cmath>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

HWY_INLINE VF SplatDouble(double value) { return Splat(static_cast<float>(value)); }

void SgdStep(float* p, float* momentum, const float* g, int64_t n, double lr,
             double momentum_factor, double dampening, double weight_decay, bool nesterov,
             bool first_step, float grad_scale) {
  const VF scale = Splat(grad_scale);
  const VF decay = SplatDouble(weight_decay);
  const VF step = SplatDouble(lr);
  const VF factor = SplatDouble(momentum_factor);
  const VF fresh = SplatDouble(1 - dampening);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF old = io.Load(p + i);
    VF update = hn::MulAdd(decay, old, hn::Mul(io.Load(g + i), scale));
    if (momentum != nullptr) {
      VF velocity = update;
      if (!first_step) velocity = hn::MulAdd(fresh, update, hn::Mul(factor, io.Load(momentum + i)));
      io.Store(velocity, momentum + i);
      update = nesterov ? hn::MulAdd(factor, velocity, update) : velocity;
    }
    io.Store(hn::NegMulAdd(step, update, old), p + i);
  });
}

void AdamWStep(float* p, float* m, float* v, const float* g, int64_t n, double lr, double beta1,
               double beta2, double eps, double weight_decay, double bias_correction1,
               double bias_correction2, float grad_scale) {
  const VF scale = Splat(grad_scale);
  const VF keep = SplatDouble(1 - lr * weight_decay);
  const VF fresh1 = SplatDouble(1 - beta1);
  const VF keep2 = SplatDouble(beta2);
  const VF fresh2 = SplatDouble(1 - beta2);
  const VF step = SplatDouble(lr / bias_correction1);
  const VF root2 = SplatDouble(std::sqrt(bias_correction2));
  const VF veps = SplatDouble(eps);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF gradient = hn::Mul(io.Load(g + i), scale);
    const VF old_m = io.Load(m + i);
    const VF new_m = hn::MulAdd(fresh1, hn::Sub(gradient, old_m), old_m);
    const VF new_v =
        hn::MulAdd(hn::Mul(fresh2, gradient), gradient, hn::Mul(keep2, io.Load(v + i)));
    const VF denominator = hn::Add(hn::Div(hn::Sqrt(new_v), root2), veps);
    const VF decayed = hn::Mul(io.Load(p + i), keep);
    io.Store(new_m, m + i);
    io.Store(new_v, v + i);
    io.Store(hn::Sub(decayed, hn::Div(hn::Mul(step, new_m), denominator)), p + i);
  });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

HWY_EXPORT(SgdStep);
HWY_EXPORT(AdamWStep);

void SgdStep(float* p, float* momentum, const float* g, int64_t n, double lr,
             double momentum_factor, double dampening, double weight_decay, bool nesterov,
             bool first_step, float grad_scale) noexcept {
  HWY_DYNAMIC_DISPATCH(SgdStep)
  (p, momentum, g, n, lr, momentum_factor, dampening, weight_decay, nesterov, first_step,
   grad_scale);
}

void AdamWStep(float* p, float* m, float* v, const float* g, int64_t n, double lr, double beta1,
               double beta2, double eps, double weight_decay, double bias_correction1,
               double bias_correction2, float grad_scale) noexcept {
  HWY_DYNAMIC_DISPATCH(AdamWStep)
  (p, m, v, g, n, lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2,
   grad_scale);
}

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
