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

template <bool kDecoupled>
HWY_INLINE void Adam(float* p, float* m, float* v, const float* g, int64_t n, double lr,
                     double beta1, double beta2, double eps, double weight_decay,
                     double bias_correction1, double bias_correction2, float grad_scale) {
  const VF scale = Splat(grad_scale);
  const VF keep = SplatDouble(1 - lr * weight_decay);
  const VF penalty = SplatDouble(weight_decay);
  const VF fresh1 = SplatDouble(1 - beta1);
  const VF keep2 = SplatDouble(beta2);
  const VF fresh2 = SplatDouble(1 - beta2);
  const VF step = SplatDouble(lr / bias_correction1);
  const VF root2 = SplatDouble(std::sqrt(bias_correction2));
  const VF veps = SplatDouble(eps);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    VF gradient = hn::Mul(io.Load(g + i), scale);
    VF old = io.Load(p + i);
    if constexpr (!kDecoupled) gradient = hn::MulAdd(penalty, old, gradient);
    const VF old_m = io.Load(m + i);
    const VF new_m = hn::MulAdd(fresh1, hn::Sub(gradient, old_m), old_m);
    const VF new_v =
        hn::MulAdd(hn::Mul(fresh2, gradient), gradient, hn::Mul(keep2, io.Load(v + i)));
    const VF denominator = hn::Add(hn::Div(hn::Sqrt(new_v), root2), veps);
    if constexpr (kDecoupled) old = hn::Mul(old, keep);
    io.Store(new_m, m + i);
    io.Store(new_v, v + i);
    io.Store(hn::Sub(old, hn::Div(hn::Mul(step, new_m), denominator)), p + i);
  });
}

void AdamStep(float* p, float* m, float* v, const float* g, int64_t n, double lr, double beta1,
              double beta2, double eps, double weight_decay, bool decoupled,
              double bias_correction1, double bias_correction2, float grad_scale) {
  const auto run = decoupled ? Adam<true> : Adam<false>;
  run(p, m, v, g, n, lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2,
      grad_scale);
}

void LionStep(float* p, float* m, const float* g, int64_t n, double lr, double beta1, double beta2,
              double weight_decay, float grad_scale) {
  const VF scale = Splat(grad_scale);
  const VF keep = SplatDouble(1 - lr * weight_decay);
  const VF keep1 = SplatDouble(beta1);
  const VF fresh1 = SplatDouble(1 - beta1);
  const VF fresh2 = SplatDouble(1 - beta2);
  const VF step = SplatDouble(lr);
  const VF zero = hn::Zero(F32());
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF gradient = hn::Mul(io.Load(g + i), scale);
    const VF old_m = io.Load(m + i);
    const VF direction = hn::MulAdd(fresh1, gradient, hn::Mul(keep1, old_m));
    // 0 and NaN go nowhere, as with torch.sign.
    const VF forward = hn::IfThenElseZero(hn::Gt(direction, zero), step);
    const VF backward = hn::IfThenElseZero(hn::Lt(direction, zero), step);
    const VF decayed = hn::Mul(io.Load(p + i), keep);
    io.Store(hn::MulAdd(fresh2, hn::Sub(gradient, old_m), old_m), m + i);
    io.Store(hn::Add(hn::Sub(decayed, forward), backward), p + i);
  });
}

void LambMoments(float* m, float* v, const float* g, int64_t n, double beta1, double beta3,
                 double beta2, float grad_scale) {
  const VF scale = Splat(grad_scale);
  const VF keep1 = SplatDouble(beta1);
  const VF fresh1 = SplatDouble(beta3);
  const VF keep2 = SplatDouble(beta2);
  const VF fresh2 = SplatDouble(1 - beta2);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF gradient = hn::Mul(io.Load(g + i), scale);
    io.Store(hn::MulAdd(fresh1, gradient, hn::Mul(keep1, io.Load(m + i))), m + i);
    io.Store(hn::MulAdd(hn::Mul(fresh2, gradient), gradient, hn::Mul(keep2, io.Load(v + i))),
             v + i);
  });
}

void LambUpdate(float* update, const float* p, const float* m, const float* v, int64_t n,
                double eps, double weight_decay, double bias_correction1, double bias_correction2) {
  const VF decay = SplatDouble(weight_decay);
  const VF correction1 = SplatDouble(bias_correction1);
  const VF root2 = SplatDouble(std::sqrt(bias_correction2));
  const VF veps = SplatDouble(eps);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF denominator = hn::Add(hn::Div(hn::Sqrt(io.Load(v + i)), root2), veps);
    const VF adam = hn::Div(hn::Div(io.Load(m + i), correction1), denominator);
    io.Store(hn::MulAdd(decay, io.Load(p + i), adam), update + i);
  });
}

void Lerp(float* y, const float* x, float weight, int64_t n) {
  const VF w = Splat(weight);
  // As torch.lerp: from the nearer end, so that a weight of 1 gives x itself.
  if (weight < 0.5f) {
    ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
      const VF old = io.Load(y + i);
      io.Store(hn::MulAdd(w, hn::Sub(io.Load(x + i), old), old), y + i);
    });
    return;
  }
  const VF rest = Splat(1 - weight);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF fresh = io.Load(x + i);
    io.Store(hn::NegMulAdd(rest, hn::Sub(fresh, io.Load(y + i)), fresh), y + i);
  });
}

void ClampInPlace(float* x, int64_t n, float limit) {
  const VF most = Splat(limit), least = Splat(-limit);
  ForEachVector(n, [&](auto io, size_t i) KERNEL_INLINE {
    const VF v = io.Load(x + i);
    const VF below = hn::IfThenElse(hn::Gt(v, most), most, v);  // a NaN stays one
    io.Store(hn::IfThenElse(hn::Lt(below, least), least, below), x + i);
  });
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(SgdStep);
KERNEL(AdamStep);
KERNEL(LionStep);
KERNEL(LambMoments);
KERNEL(LambUpdate);
KERNEL(Lerp);
KERNEL(ClampInPlace);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
