#pragma once

#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/conv2d.h"
#include "ops/cross_entropy.h"
#include "ops/cumsum.h"
#include "ops/elementwise.h"
#include "ops/embedding.h"
#include "ops/gather.h"
#include "ops/gradients.h"
#include "ops/image_batch.h"
#include "ops/image_convert.h"
#include "ops/image_resize.h"
#include "ops/interpolate.h"
#include "ops/lamb.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/matmul.h"
#include "ops/max_pool2d.h"
#include "ops/nll.h"
#include "ops/optimizer.h"
#include "ops/pack_weight.h"
#include "ops/peak.h"
#include "ops/random.h"
#include "ops/reduce.h"
#include "ops/rotate.h"
#include "ops/row_reduce.h"
#include "ops/sampling.h"
#include "ops/softmax.h"
#include "ops/sort.h"
#include "ops/strided_copy.h"
#include "ops/swiglu.h"
#include "ops/unary.h"
#include "ops/unfold.h"
#include "ops/window_attention.h"

namespace vitrine::ops {

template <class... Op>
struct OpList {};

// Every op that JavaScript can call, and that the tests of all ops go through.
using AllOps =
    OpList<ActivationForward, ActivationBackward, AttentionForward, AttentionBackward,
           Conv2dForward, Conv2dBackward, CrossEntropyForward, CrossEntropyBackward, BinaryForward,
           Ternary, Affine, Convert, Fill, EmbeddingForward, EmbeddingBackward, ImageBatch,
           ImageMix, ImageConvert, ImageResize, InterpolateForward, InterpolateBackward,
           LayerNormForward, LayerNormBackward, LinearForward, LinearInt8, LinearBackward, Matmul,
           MaxPool2dForward, MaxPool2dBackward, GuardFinite, SgdStep, AdamStep, LionStep, LambStep,
           GradientNorm, ClampGradients, LerpStep, RandomFill, DropoutForward, DropoutBackward, Sum,
           RowReduce, NllForward, NllBackward, PackWeight, RandomPermutation, Multinomial,
           SoftmaxForward, SoftmaxBackward, SwigluForward, SwigluBackward, Rotate, StridedCopy,
           CheckedIndex, Gather, Scatter, Sort, Cumsum, UnaryForward, UnaryBackward, Unfold, Fold,
           WindowAttentionForward, WindowAttentionBackward, PeakFma>;

}  // namespace vitrine::ops
