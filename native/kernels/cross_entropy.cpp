#include "kernels/cross_entropy.h"

#include "kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <cmath>

#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vitrine::kernels::HWY_NAMESPACE {

// Losses are formed from logits less the row's maximum, as log(sum) - shifted, so that a confident
// row (a loss near 0 from logits far from 0) keeps its digits.

void CrossEntropyForward(float* loss, const SoftmaxRows& softmax, const float* logits,
                         const int32_t* labels, int64_t rows, int64_t C, float smoothing,
                         int32_t ignore_index) {
  for (int64_t row = 0; row < rows; ++row, logits += C) {
    if (labels[row] == ignore_index) {
      loss[row] = 0;
      softmax.maximum[row] = softmax.inverse_sum[row] = 0;
      continue;
    }
    const float max = RowMax(logits, C);
    const VF vmax = Splat(max);
    Sums exps, shifts;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      const VF shifted = hn::Sub(io.Load(logits + i), vmax);
      exps.part[k] = hn::Add(exps.part[k], io.Keep(Exp(shifted)));
      shifts.part[k] = hn::Add(shifts.part[k], io.Keep(shifted));
    });
    const float sum = exps.Total();
    const float log_sum = std::log(sum);
    softmax.maximum[row] = max;
    softmax.inverse_sum[row] = 1 / sum;
    float value = log_sum - (logits[labels[row]] - max);
    if (smoothing != 0) {
      const float uniform = log_sum - shifts.Total() / static_cast<float>(C);
      value = (1 - smoothing) * value + smoothing * uniform;
    }
    loss[row] = value;
  }
}

void CrossEntropyBackward(float* dlogits, const float* logits, const ConstSoftmaxRows& softmax,
                          const int32_t* labels, const float* row_scale, int64_t rows, int64_t C,
                          float smoothing, int32_t ignore_index) {
  const VF uniform = Splat(smoothing / static_cast<float>(C));
  for (int64_t row = 0; row < rows; ++row, dlogits += C, logits += C) {
    if (labels[row] == ignore_index) {
      const VF zero = Splat(0);
      ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE { io.Store(zero, dlogits + i); });
      continue;
    }
    const VF max = Splat(softmax.maximum[row]);
    const VF inverse_sum = Splat(softmax.inverse_sum[row]);
    const VF scale = Splat(row_scale[row]);
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF p = hn::Mul(Exp(hn::Sub(io.Load(logits + i), max)), inverse_sum);
      io.Store(hn::Mul(scale, hn::Sub(p, uniform)), dlogits + i);
    });
    dlogits[labels[row]] -= row_scale[row] * (1 - smoothing);
  }
}

// The target with its share of the uniform distribution mixed in.
struct SmoothTarget {
  VF keep, uniform;

  HWY_INLINE SmoothTarget(float smoothing, int64_t C)
      : keep(Splat(1 - smoothing)), uniform(Splat(smoothing / static_cast<float>(C))) {}
  HWY_INLINE VF operator()(VF target) const { return hn::MulAdd(target, keep, uniform); }
};

void CrossEntropySoftForward(float* loss, const SoftmaxRows& softmax, const float* logits,
                             const float* target, int64_t rows, int64_t C, float smoothing) {
  const SmoothTarget smooth(smoothing, C);
  for (int64_t row = 0; row < rows; ++row, logits += C, target += C) {
    const float max = RowMax(logits, C);
    const VF vmax = Splat(max);
    Sums exps, weights, dots;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      const VF shifted = hn::Sub(io.Load(logits + i), vmax);
      const VF t = io.Keep(smooth(io.Load(target + i)));
      exps.part[k] = hn::Add(exps.part[k], io.Keep(Exp(shifted)));
      weights.part[k] = hn::Add(weights.part[k], t);
      dots.part[k] = hn::MulAdd(t, io.Keep(shifted), dots.part[k]);
    });
    const float sum = exps.Total();
    const float log_sum = std::log(sum);
    softmax.maximum[row] = max;
    softmax.inverse_sum[row] = 1 / sum;
    loss[row] = log_sum * weights.Total() - dots.Total();
  }
}

void CrossEntropySoftBackward(float* dlogits, const float* logits, const ConstSoftmaxRows& softmax,
                              const float* target, const float* row_scale, int64_t rows, int64_t C,
                              float smoothing) {
  const SmoothTarget smooth(smoothing, C);
  for (int64_t row = 0; row < rows; ++row, dlogits += C, logits += C, target += C) {
    Sums weights;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      weights.part[k] = hn::Add(weights.part[k], io.Keep(smooth(io.Load(target + i))));
    });
    const VF weight = Splat(weights.Total());
    const VF max = Splat(softmax.maximum[row]);
    const VF inverse_sum = Splat(softmax.inverse_sum[row]);
    const VF scale = Splat(row_scale[row]);
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF p = hn::Mul(Exp(hn::Sub(io.Load(logits + i), max)), inverse_sum);
      io.Store(hn::Mul(scale, hn::MulSub(p, weight, smooth(io.Load(target + i)))), dlogits + i);
    });
  }
}

// q of a row, but for the share that is its label's alone.
struct SpreadTarget {
  SmoothTarget smooth;
  const float* target;  // (C), absent with labels
  const float* weight;

  template <class IO>
  HWY_INLINE VF operator()(IO io, size_t i) const {
    const VF share = target != nullptr ? smooth(io.Load(target + i)) : smooth.uniform;
    return hn::Mul(io.Load(weight + i), share);
  }
};

void CrossEntropyWeightedForward(float* loss, const SoftmaxRows& softmax, const float* logits,
                                 const WeightedTargets& targets, int64_t rows, int64_t C,
                                 float smoothing) {
  SpreadTarget spread{SmoothTarget(smoothing, C), targets.target, targets.weight};
  for (int64_t row = 0; row < rows; ++row, logits += C) {
    const int32_t* label = targets.labels != nullptr ? targets.labels + row : nullptr;
    if (label != nullptr && *label == targets.ignore_index) {
      loss[row] = 0;
      softmax.maximum[row] = softmax.inverse_sum[row] = 0;
      continue;
    }
    const float max = RowMax(logits, C);
    const VF vmax = Splat(max);
    Sums exps, weights, dots;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      const VF shifted = hn::Sub(io.Load(logits + i), vmax);
      exps.part[k] = hn::Add(exps.part[k], io.Keep(Exp(shifted)));
    });
    // A label alone spreads nothing, and an infinite logit of another class must not count.
    if (label == nullptr || smoothing != 0) {
      ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
        const VF q = io.Keep(spread(io, i));
        const VF shifted = io.Keep(hn::Sub(io.Load(logits + i), vmax));
        weights.part[k] = hn::Add(weights.part[k], q);
        dots.part[k] = hn::MulAdd(q, shifted, dots.part[k]);
      });
    }
    const float sum = exps.Total();
    const float log_sum = std::log(sum);
    softmax.maximum[row] = max;
    softmax.inverse_sum[row] = 1 / sum;
    loss[row] = log_sum * weights.Total() - dots.Total();
    if (label != nullptr) {
      const float own = (1 - smoothing) * targets.weight[*label];
      loss[row] += own * (log_sum - (logits[*label] - max));
    } else {
      spread.target += C;
    }
  }
}

void CrossEntropyWeightedBackward(float* dlogits, const float* logits,
                                  const ConstSoftmaxRows& softmax, const WeightedTargets& targets,
                                  const float* row_scale, int64_t rows, int64_t C,
                                  float smoothing) {
  SpreadTarget spread{SmoothTarget(smoothing, C), targets.target, targets.weight};
  for (int64_t row = 0; row < rows; ++row, dlogits += C, logits += C) {
    const int32_t* label = targets.labels != nullptr ? targets.labels + row : nullptr;
    if (label != nullptr && *label == targets.ignore_index) {
      const VF zero = Splat(0);
      ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE { io.Store(zero, dlogits + i); });
      continue;
    }
    Sums weights;
    ForEachVectorOf4(C, [&](auto io, size_t i, int k) KERNEL_INLINE {
      weights.part[k] = hn::Add(weights.part[k], io.Keep(spread(io, i)));
    });
    const float own = label != nullptr ? (1 - smoothing) * targets.weight[*label] : 0;
    const VF weight = Splat(weights.Total() + own);
    const VF max = Splat(softmax.maximum[row]);
    const VF inverse_sum = Splat(softmax.inverse_sum[row]);
    const VF scale = Splat(row_scale[row]);
    ForEachVector(C, [&](auto io, size_t i) KERNEL_INLINE {
      const VF p = hn::Mul(Exp(hn::Sub(io.Load(logits + i), max)), inverse_sum);
      io.Store(hn::Mul(scale, hn::MulSub(p, weight, spread(io, i))), dlogits + i);
    });
    if (label != nullptr) {
      dlogits[*label] -= row_scale[row] * own;
    } else {
      spread.target += C;
    }
  }
}

}  // namespace vitrine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vitrine::kernels {

KERNEL(CrossEntropyForward);
KERNEL(CrossEntropyBackward);
KERNEL(CrossEntropySoftForward);
KERNEL(CrossEntropySoftBackward);
KERNEL(CrossEntropyWeightedForward);
KERNEL(CrossEntropyWeightedBackward);

}  // namespace vitrine::kernels
#endif  // HWY_ONCE
