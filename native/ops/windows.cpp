// Convolutions of any windows: a tile unfolds some of them, and multiplies them there.
#include <algorithm>

#include "gemm/gemm.h"
#include "ops/convolution.h"
#include "ops/partials.h"
#include "ops/ranges.h"
#include "runtime/scratch_layout.h"

namespace vitrine::ops {
namespace {

// Rows of positions in blocks of which a tile unfolds the windows of `channels` channels at a time.
struct Blocks {
  const Convolution& of;
  int64_t channels;
  bool pointwise = of.IsPointwise();
  int64_t columns = of.columns();
  int64_t step = EvenRows();
  int64_t count = CeilDiv(of.rows(), step);

  int64_t EvenRows() const {
    constexpr int64_t kUnfolded = 256 * 1024;  // floats: 1 MB, which L2 holds
    const int64_t most = kUnfolded / std::max<int64_t>(1, channels * of.area() * columns);
    return CeilDiv(of.rows(), CeilDiv(of.rows(), std::max<int64_t>(1, most)));
  }
  PositionRows At(int64_t index) const {
    return {index * step, std::min(of.rows(), (index + 1) * step)};
  }
  // Between the rows of windows: whole cache lines, so that they are read where they are.
  int64_t Stride(int64_t rows) const { return RoundUp(rows * columns, 16); }

  // The windows at some rows of positions, as a factor (K, positions).
  gemm::Factor Unfolded(float* memory, const float* planes, PositionRows rows) const {
    if (pointwise) return {planes + rows.begin * columns, of.positions(), false};
    const int64_t stride = Stride(rows.size());
    UnfoldPlanes(memory, stride, planes, channels, of.height, of.width, of.window, rows);
    return {memory, stride, false};
  }

  // body(tile, memory for windows, scratch) for tiles of so many products each, none larger than
  // this one; small tiles are not shared out one by one.
  template <class Body>
  void ForTiles(Context& context, int64_t tiles, const gemm::MatrixProduct& product,
                int64_t products, const Body& body) const {
    ScratchLayout layout;
    const int64_t columns_at = layout.Take(pointwise ? 0 : channels * of.area() * Stride(step));
    const int64_t product_at = layout.Take(gemm::SerialScratch(product));
    context.ReserveScratch(layout.size());
    const int64_t work = std::max<int64_t>(1, product.m * product.n * product.k * products);
    ForRanges(context, tiles, std::max<int64_t>(1, kLeastWork / work),
              [&](int64_t begin, int64_t end, int worker) {
                float* const memory = context.Scratch(worker);
                for (int64_t tile = begin; tile < end; ++tile) {
                  body(tile, memory + columns_at, memory + product_at);
                }
              });
  }
};

// By (n, group) and block.
void Forward(Context& context, const Convolution& of, const ConvolutionOperands& operands) {
  float* const y = operands.y;
  const float *const x = operands.x, *const weight = operands.weight, *const bias = operands.bias;
  const Blocks blocks{of, of.group_channels()};
  const int64_t out = of.group_out(), positions = of.positions(), depth = of.depth();
  gemm::MatrixProduct product{out, blocks.step * blocks.columns, depth};
  product.ldc = positions;
  product.bf16 = of.bf16;
  product.accumulate = bias != nullptr;
  product.pads_b = !blocks.pointwise;
  const auto run = [&](int64_t tile, float* memory, float* scratch) {
    const int64_t item = tile / blocks.count, g = item % of.groups;
    const PositionRows rows = blocks.At(tile % blocks.count);
    gemm::MatrixProduct part = product;
    part.n = rows.size() * blocks.columns;
    part.c = y + item * out * positions + rows.begin * blocks.columns;
    part.a = {weight + g * out * depth, depth, false};
    part.b = blocks.Unfolded(memory, x + item * blocks.channels * of.plane(), rows);
    for (int64_t o = 0; bias != nullptr && o < out; ++o) {
      std::fill_n(part.c + o * positions, part.n, bias[g * out + o]);
    }
    gemm::MultiplySerial(part, scratch);
  };
  blocks.ForTiles(context, of.batch * of.groups * blocks.count, product, 1, run);
}

// By (n, group) and some channels, which share no pixel; 256 rows of the product each, where there
// are as many.
void BackwardInput(Context& context, const Convolution& of, float* dx, const float* dy,
                   const float* weight) {
  const int64_t channels = of.group_channels(), out = of.group_out(), area = of.area();
  const Blocks blocks{of, std::max<int64_t>(1, std::min(channels, CeilDiv(256, area)))};
  const int64_t splits = CeilDiv(channels, blocks.channels);
  const int64_t positions = of.positions(), plane = of.plane();
  gemm::MatrixProduct product{blocks.channels * area, blocks.step * blocks.columns, out};
  product.bf16 = of.bf16;
  const auto run = [&](int64_t tile, float* memory, float* scratch) {
    const int64_t item = tile / splits, first = tile % splits * blocks.channels;
    const int64_t count = std::min(blocks.channels, channels - first);
    float* const planes = dx + (item * channels + first) * plane;
    if (!blocks.pointwise) std::fill_n(planes, count * plane, 0.0f);
    for (int64_t block = 0; block < blocks.count; ++block) {
      const PositionRows rows = blocks.At(block);
      const int64_t begin = rows.begin * blocks.columns;
      gemm::MatrixProduct part = product;
      part.m = count * area;
      part.n = rows.size() * blocks.columns;
      part.c = blocks.pointwise ? planes + begin : memory;
      part.ldc = blocks.pointwise ? positions : blocks.Stride(rows.size());
      part.a = {weight + (item % of.groups * out * channels + first) * area, of.depth(), true};
      part.b = {dy + item * out * positions + begin, positions, false};
      gemm::MultiplySerial(part, scratch);
      if (blocks.pointwise) continue;
      FoldPlanes(planes, memory, part.ldc, count, of.height, of.width, of.window, rows);
    }
  };
  blocks.ForTiles(context, of.batch * of.groups * splits, product, blocks.count, run);
}

// By parts of all (n, block), in order, and groups.
void BackwardWeight(Context& context, const Convolution& of, float* dweight, const float* dy,
                    const float* x, bool accumulate) {
  const Blocks blocks{of, of.group_channels()};
  const int64_t out = of.group_out(), positions = of.positions(), depth = of.depth();
  const int64_t items = of.batch * blocks.count, size = of.out_channels * depth;
  const int64_t most = std::min(items, ProductParts(of.batch * positions, size));
  const int64_t step = std::max<int64_t>(1, CeilDiv(items, std::max<int64_t>(1, most)));
  const int64_t parts = CeilDiv(items, step);
  gemm::MatrixProduct product{out, depth, blocks.step * blocks.columns};
  product.ldc = depth;
  product.bf16 = of.bf16;
  float* partials = context.SharedScratch(std::max<int64_t>(1, parts) * size);
  const auto run = [&](int64_t tile, float* memory, float* scratch) {
    const int64_t g = tile % of.groups, first = tile / of.groups * step;
    for (int64_t item = first; item < std::min(items, first + step); ++item) {
      const int64_t in = item / blocks.count * of.groups + g;
      const PositionRows rows = blocks.At(item % blocks.count);
      gemm::MatrixProduct term = product;
      term.k = rows.size() * blocks.columns;
      term.c = partials + tile / of.groups * size + g * out * depth;
      term.a = {dy + in * out * positions + rows.begin * blocks.columns, positions, false};
      term.b = blocks.Unfolded(memory, x + in * blocks.channels * of.plane(), rows);
      term.b.transposed = true;
      term.accumulate = item > first;
      gemm::MultiplySerial(term, scratch);
    }
  };
  blocks.ForTiles(context, parts * of.groups, product, step, run);
  CombinePartials(context, dweight, partials, parts, size, accumulate);
}

}  // namespace

const ConvolutionRoute kByWindows{&Forward, &BackwardInput, &BackwardWeight};

}  // namespace vitrine::ops
