#pragma once

#include <cstdint>

// One step over n parameters p with gradients g, which are multiplied by grad_scale first.
// Hyperparameters are doubles, as PyTorch's are: 1 - 0.999f is wrong in its fifth digit.
namespace vitrine::kernels {

// torch.optim.SGD. momentum (n) is null without momentum; on the first step it is written, not
// read.
void SgdStep(float* p, float* momentum, const float* g, int64_t n, double lr,
             double momentum_factor, double dampening, double weight_decay, bool nesterov,
             bool first_step, float grad_scale) noexcept;

// torch.optim.AdamW, with moments m and v (n) and bias_correction<i> = 1 - beta<i>^step.
void AdamWStep(float* p, float* m, float* v, const float* g, int64_t n, double lr, double beta1,
               double beta2, double eps, double weight_decay, double bias_correction1,
               double bias_correction2, float grad_scale) noexcept;

}  // namespace vitrine::kernels
