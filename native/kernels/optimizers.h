#pragma once

#include <cstdint>

#include "kernels/per_isa.h"

// One step over n parameters p with gradients g, which are multiplied by grad_scale first.
// Hyperparameters are doubles, as PyTorch's are: 1 - 0.999f is wrong in its fifth digit.
namespace vitrine::kernels {

// torch.optim.SGD. momentum (n) is null without momentum; on the first step it is written, not
// read.
extern const PerIsa<void(float* p, float* momentum, const float* g, int64_t n, double lr,
                         double momentum_factor, double dampening, double weight_decay,
                         bool nesterov, bool first_step, float grad_scale)>
    SgdStep;

// torch.optim.Adam, with moments m and v (n) and bias_correction<i> = 1 - beta<i>^step; decoupled,
// torch.optim.AdamW.
extern const PerIsa<void(float* p, float* m, float* v, const float* g, int64_t n, double lr,
                         double beta1, double beta2, double eps, double weight_decay,
                         bool decoupled, double bias_correction1, double bias_correction2,
                         float grad_scale)>
    AdamStep;

// timm's Lion, with momentum m (n).
extern const PerIsa<void(float* p, float* m, const float* g, int64_t n, double lr, double beta1,
                         double beta2, double weight_decay, float grad_scale)>
    LionStep;

// The two halves of timm's Lamb: the moments, of which the gradient's share is beta3; and the
// update, before it is scaled.
extern const PerIsa<void(float* m, float* v, const float* g, int64_t n, double beta1, double beta3,
                         double beta2, float grad_scale)>
    LambMoments;
extern const PerIsa<void(float* update, const float* p, const float* m, const float* v, int64_t n,
                         double eps, double weight_decay, double bias_correction1,
                         double bias_correction2)>
    LambUpdate;

// y += weight * (x - y), as torch.lerp rounds it.
extern const PerIsa<void(float* y, const float* x, float weight, int64_t n)> Lerp;

// x within [-limit, limit]; NaN stays.
extern const PerIsa<void(float* x, int64_t n, float limit)> ClampInPlace;

}  // namespace vitrine::kernels
