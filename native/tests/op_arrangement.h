#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/image_augment.h"
#include "ops/unfold.h"
#include "runtime/cpu.h"
#include "runtime/operand.h"
#include "tests/op_arguments.h"

namespace vitrine {

// Heads and matrices side by side, as those that overlap are their caller's affair. Masks and
// biases are there or not; a bias lies without gaps, and serves all along some axes.
template <class Op>
void ArrangeProducts(Op& op, OpArguments& arguments) {
  if constexpr (requires { op.layout_y; }) {
    const auto side_by_side = [&](int64_t tokens) {
      return Dims{4, {0, Product(op.heads, tokens, op.width), Product(tokens, op.width), op.width}};
    };
    op.layout_y = op.layout_q = side_by_side(op.queries);
    op.layout_k = op.layout_v = side_by_side(op.keys);
    const bool half = op.bf16 && arguments.Either();
    op.y.bf16 = op.q.bf16 = op.k.bf16 = op.v.bf16 = half;
    if (arguments.Either()) op.key_padding = {};
    if (arguments.Either()) op.bias = {};
    const int64_t sizes[] = {op.batch, op.heads, op.queries, op.keys};
    int64_t stride = 1;
    for (int axis = 3; axis >= 0; --axis) {
      op.layout_bias.at[axis] = arguments.Either() ? stride : 0;
      if (op.layout_bias.at[axis] != 0) stride = Product(stride, sizes[axis]);
    }
    if constexpr (requires { op.dbias; }) {
      op.dy.bf16 = op.dq.bf16 = op.dk.bf16 = op.dv.bf16 = half;
      if (!op.bias) op.dbias = {};
      op.parts = 1 + arguments.Below(4);
    }
  }
  if constexpr (requires { op.stride_c; }) {
    op.stride_a = Product(op.m, op.k);
    op.stride_b = Product(op.k, op.n);
    op.stride_c = Product(op.m, op.n);
  }
}

// One of the augmentations, with arguments of its own.
inline void AppendAugmentation(std::vector<double>& program, OpArguments& arguments) {
  const int64_t which = arguments.Below(ops::kAugmentations);
  program.push_back(static_cast<double>(which));
  const int count = ops::ArgumentsOf(static_cast<ops::Augmentation>(which));
  if (count == 10) {
    for (const double number : {0.9, 0.2, -1.0, -0.2, 0.9, 1.0}) program.push_back(number);
    program.push_back(static_cast<double>(arguments.Below(ops::kImageFilters)));
    for (const double number : {0, 128, 255}) program.push_back(number);
  } else {
    for (int i = 0; i < count; ++i) program.push_back(0.5);
  }
}

// 5 x 7 pixels, of which 5 x 5 go to 8 x 9 and of that 6 x 9 to the canvas, half of the time
// augmented, half of the time with a pixel of the canvas erased.
inline void AppendImage(std::vector<double>& program, OpArguments& arguments) {
  const auto filter = static_cast<double>(arguments.Below(ops::kImageFilters));
  const auto corner = [&] { return static_cast<double>(arguments.Below(9) - 4); };
  for (const double number : {0, 5, 7, arguments.Either() ? 3 : 1, 0, 2, 5, 5, 8, 9, 1, 0, 6, 9})
    program.push_back(number);
  for (const double number : {filter, arguments.Either() ? 1.0 : 0.0, corner(), corner()})
    program.push_back(number);
  program.push_back(arguments.Either() ? 1 : 0);
  if (program.back() != 0) AppendAugmentation(program, arguments);
  program.push_back(arguments.Either() ? 1 : 0);
  if (program.back() == 0) return;
  for (const double number : {0, 0, 1, 1, static_cast<int>(arguments.Below(3)), 7})
    program.push_back(number);
}

inline void ArrangeWindow(ops::Window& window) {
  for (int axis = 0; axis < 2; ++axis) {
    window.kernel[axis] = 1 + window.kernel[axis] % 4;
    window.dilation[axis] = 1 + window.dilation[axis] % 2;
    window.padding[axis] %= 3;
    window.stride[axis] = 1 + window.stride[axis] % 4;
  }
}

// Whole images, small windows; those of tokens are patches.
template <class Op>
void ArrangeImages(Op& op, OpArguments& arguments) {
  if constexpr (requires { op.window.dilation; }) ArrangeWindow(op.window);
  if constexpr (requires { op.sizes.window; }) {
    ArrangeWindow(op.sizes.window);
    if (op.sizes.tokens) {
      for (int axis = 0; axis < 2; ++axis) {
        op.sizes.window.stride[axis] = op.sizes.window.kernel[axis];
        op.sizes.window.dilation[axis] = 1;
        op.sizes.window.padding[axis] = 0;
      }
      op.sizes.groups = 1;
    }
  }
  if constexpr (requires { op.kept.height; }) {
    op.channels = 1 + op.channels % 4;
    op.window = {0, 0, op.height, op.width};
    op.kept = {0, 0, op.out_height, op.out_width};
  }
  if constexpr (requires { op.x_channels; }) {
    op.index = op.top = op.left = 0;
    op.channels = op.x_channels = 3;
    op.offset = op.divisor = op.fill = {0.5f, 0.5f, 0.5f};
  }
  if constexpr (requires { op.program; }) {
    op.descriptor = -1;  // files are the suite's affair
    op.channels = 3;
    op.offset = op.divisor = op.fill = {0.5f, 0.5f, 0.5f};
    op.program.clear();
    for (size_t i = 0; i < op.x.size(); ++i) AppendImage(op.program, arguments);
  }
  if constexpr (requires { op.boxes; }) {
    op.count = static_cast<int64_t>(op.weight.size());
    op.boxes.clear();
    for (int64_t i = 0; i < op.count; ++i) {
      for (const int64_t number : {int64_t{0}, int64_t{0}, arguments.Size(), arguments.Size()})
        op.boxes.push_back(number);
    }
  }
}

// Some small windows, of which a part is rolled.
template <class Op>
void ArrangeWindowGrid(Op& op, OpArguments& arguments) {
  if constexpr (requires { op.grid.rolled; }) {
    for (int axis = 0; axis < 2; ++axis) {
      op.grid.window[axis] = 1 + arguments.Below(4);
      op.grid.size[axis] = op.grid.window[axis] * (1 + arguments.Below(3));
      op.grid.rolled[axis] = 1 + arguments.Below(op.grid.size[axis]);
      const int64_t most = std::min(op.grid.window[axis] - 1, op.grid.rolled[axis]);
      op.grid.shift[axis] = arguments.Below(most + 1);
    }
  }
}

// Small planes, made larger or smaller, by a factor that fits or one that does not.
template <class Op>
void ArrangeInterpolation(Op& op, OpArguments& arguments) {
  if constexpr (requires { op.grid.result; }) {
    for (int axis = 0; axis < 2; ++axis) {
      op.grid.size[axis] = 1 + arguments.Below(5);
      op.grid.result[axis] = arguments.Below(9);
      op.grid.scale[axis] = arguments.Either() ? 0.5f : 3.0f;
    }
  }
}

// One parameter, of one group.
template <class Op>
void ArrangeParameters(Op& op) {
  if constexpr (requires { op.inputs.members; }) {
    op.parameters.resize(1);
    op.counts.resize(1);
    if constexpr (requires { op.momentum; }) op.momentum.resize(1);
    if constexpr (requires { op.first_moments; }) op.first_moments.resize(1);
    if constexpr (requires { op.second_moments; }) op.second_moments.resize(1);
    op.inputs.gradients.resize(1);
    op.inputs.learning_rate_scales.resize(1);
    op.inputs.weight_decays.resize(1);
    op.inputs.members = op.inputs.groups = {0};
  }
}

// Arguments that go together more often than by chance.
template <class Op>
void Arrange(Op& op, OpArguments& arguments) {
  ArrangeProducts(op, arguments);
  ArrangeImages(op, arguments);
  ArrangeWindowGrid(op, arguments);
  ArrangeInterpolation(op, arguments);
  ArrangeParameters(op);
}

}  // namespace vitrine
