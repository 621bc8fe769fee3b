#include "ops/conv2d.h"

#include <algorithm>

#include "ops/pack_weight.h"
#include "ops/reduce.h"

namespace vitrine::ops {
namespace {

// All gradients are 0 where there is no output.
void Clear(float* gradient, int64_t count, bool accumulate) {
  if (gradient != nullptr && !accumulate) std::fill_n(gradient, count, 0.0f);
}

const ConvolutionRoute& RouteOf(const Convolution& of) {
  const bool patches = of.groups == 1 && !of.IsPointwise() && of.IsPatches();
  return of.tokens || patches ? kByPatches : kByWindows;
}

}  // namespace

bool Convolution::IsPointwise() const {
  return area() == 1 && window.stride[0] == 1 && window.stride[1] == 1 && window.padding[0] == 0 &&
         window.padding[1] == 0;
}

bool Convolution::IsPatches() const {
  return window.stride[0] == window.kernel[0] && window.stride[1] == window.kernel[1] &&
         window.padding[0] == 0 && window.padding[1] == 0 && window.dilation[0] == 1 &&
         window.dilation[1] == 1;
}

bool Convolution::Valid() const {
  return batch >= 0 && channels >= 0 && out_channels >= 0 && groups > 0 && channels % groups == 0 &&
         out_channels % groups == 0 && window.Fits(height, width) &&
         Product(window.kernel[0], window.kernel[1]) >= 0 &&
         Product(channels, window.kernel[0], window.kernel[1]) >= 0 &&
         Product(batch, rows(), columns()) >= 0 && Product(rows(), columns()) >= 0 &&
         (!tokens || (groups == 1 && IsPatches()));
}

bool Conv2dForward::Valid() const {
  return sizes.Valid() && Holds(y, sizes.OutputCount()) && Holds(x, sizes.ImageCount()) &&
         Holds(weight, sizes.WeightCount()) && HoldsOrAbsent(bias, sizes.out_channels) &&
         (sizes.tokens ? KeptOrAbsent(kept, sizes.out_channels, sizes.depth(),
                                      sizes.bf16 ? gemm::Precision::kBf16 : gemm::Precision::kFp32)
                       : kept.data == nullptr);
}

void Conv2dForward::Run(Context& context) {
  if (sizes.OutputCount() == 0) return;
  RouteOf(sizes).forward(context, sizes, {y, x, weight, bias, kept});
}

bool Conv2dBackward::Valid() const {
  return sizes.Valid() && HoldsOrAbsent(dx, sizes.ImageCount()) &&
         HoldsOrAbsent(dweight, sizes.WeightCount()) && HoldsOrAbsent(dbias, sizes.out_channels) &&
         Holds(dy, sizes.OutputCount()) && (dweight == nullptr || Holds(x, sizes.ImageCount())) &&
         (dx == nullptr || Holds(weight, sizes.WeightCount()));
}

void Conv2dBackward::Run(Context& context) {
  OmitIfEmpty(dx, sizes.ImageCount());
  OmitIfEmpty(dweight, sizes.WeightCount());
  OmitIfEmpty(dbias, sizes.out_channels);
  if (sizes.OutputCount() == 0) {
    Clear(dx, sizes.ImageCount(), false);
    Clear(dweight, sizes.WeightCount(), accumulate_dweight);
    Clear(dbias, sizes.out_channels, accumulate_dbias);
    return;
  }
  const ConvolutionRoute& route = RouteOf(sizes);
  if (dx != nullptr) route.backward_input(context, sizes, dx, dy, weight);
  if (dweight != nullptr) {
    route.backward_weight(context, sizes, dweight, dy, x, accumulate_dweight);
  }
  if (dbias == nullptr) return;
  const int64_t batch = sizes.batch, out = sizes.out_channels, positions = sizes.positions();
  if (sizes.tokens) {
    Sum{dbias, dy, {2, {batch * positions, out}}, {2, {0, 1}}, 1, accumulate_dbias}.Run(context);
  } else {
    Sum{dbias, dy, {3, {batch, out, positions}}, {3, {0, 1, 0}}, 1, accumulate_dbias}.Run(context);
  }
}

}  // namespace vitrine::ops
