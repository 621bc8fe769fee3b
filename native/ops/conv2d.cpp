#include "ops/conv2d.h"

#include <algorithm>

#include "gemm/gemm.h"
#include "ops/partials.h"
#include "ops/patches.h"
#include "ops/ranges.h"
#include "ops/reduce.h"
#include "runtime/scratch_layout.h"

namespace vitrine::ops {
namespace {

// Floats of unfolded windows that a tile holds at a time: 1 MB, which L2 holds.
constexpr int64_t kUnfolded = 256 * 1024;

bool IsPointwise(const Window& window) {
  return window.kernel[0] == 1 && window.kernel[1] == 1 && window.stride[0] == 1 &&
         window.stride[1] == 1 && window.padding[0] == 0 && window.padding[1] == 0;
}

bool IsPatches(const Window& window) {
  return window.stride[0] == window.kernel[0] && window.stride[1] == window.kernel[1] &&
         window.padding[0] == 0 && window.padding[1] == 0 && window.dilation[0] == 1 &&
         window.dilation[1] == 1;
}

// The sizes of a convolution that are valid, and its cut into blocks of rows of positions.
struct Shape {
  int64_t batch, channels, height, width, out_channels, groups;
  Window window;
  bool pointwise = IsPointwise(window);  // the windows are the image itself
  int64_t area = window.kernel[0] * window.kernel[1];
  int64_t group_channels = channels / groups;    // C of a group
  int64_t group_out = out_channels / groups;     // OC of a group
  int64_t depth = group_channels * area;         // K of a group
  int64_t rows = window.Positions(0, height);    // OH
  int64_t columns = window.Positions(1, width);  // OW
  int64_t positions = rows * columns;            // L

  int64_t ImageCount() const { return Product(batch, channels, height, width); }
  int64_t OutputCount() const { return Product(batch, out_channels, rows, columns); }
  int64_t WeightCount() const {
    return Product(out_channels, group_channels, window.kernel[0], window.kernel[1]);
  }
  // Rows of positions per block, for windows of `channels` channels.
  int64_t BlockRows(int64_t block_channels) const {
    const int64_t most = kUnfolded / std::max<int64_t>(1, block_channels * area * columns);
    const int64_t blocks = CeilDiv(rows, std::max<int64_t>(1, most));
    return CeilDiv(rows, blocks);
  }
  PositionRows Block(int64_t index, int64_t block_rows) const {
    return {index * block_rows, std::min(rows, (index + 1) * block_rows)};
  }
  // Between the rows of windows that are unfolded: whole cache lines, so that they are read where
  // they are.
  int64_t Stride(int64_t block_rows) const { return RoundUp(block_rows * columns, 16); }
  const float* Planes(const float* x, int64_t n, int64_t g) const {
    return x + (n * channels + g * group_channels) * height * width;
  }
  template <class T>
  T* Outputs(T* y, int64_t n, int64_t g) const {
    return y + (n * out_channels + g * group_out) * positions;
  }
};

// A worker's scratch: windows unfolded, (depth, positions) of a block, and a product's.
struct TileScratch {
  int64_t columns_at, product_at;
  TileScratch(Context& context, const Shape& of, int64_t depth, int64_t block_rows,
              const gemm::MatrixProduct& product) {
    ScratchLayout layout;
    columns_at = layout.Take(of.pointwise ? 0 : depth * of.Stride(block_rows));
    product_at = layout.Take(gemm::SerialScratch(product));
    context.ReserveScratch(layout.size());
  }
};

// The windows of a group at some rows of positions, as a factor (K, positions); rows of scratch end
// with whole cache lines.
gemm::Factor Unfolded(const Shape& of, float* scratch, const float* planes, PositionRows rows) {
  if (of.pointwise) return {planes + rows.begin * of.columns, of.positions, false};
  const int64_t stride = of.Stride(rows.size());
  for (int64_t c = 0; c < of.group_channels; ++c) {
    UnfoldPlane(scratch + c * of.area * stride, stride, planes + c * of.height * of.width,
                of.height, of.width, of.window, rows);
  }
  return {scratch, stride, false};
}

// body(tile, scratch) for tiles of so much work each; small ones are not shared out one by one.
template <class Body>
void ForTiles(Context& context, int64_t tiles, int64_t work, const Body& body) {
  const int64_t together = std::max<int64_t>(1, kLeastWork / std::max<int64_t>(1, work));
  ForRanges(context, tiles, together, [&](int64_t begin, int64_t end, int worker) {
    for (int64_t tile = begin; tile < end; ++tile) body(tile, context.Scratch(worker));
  });
}

void Forward(Context& context, const Shape& of, float* y, const float* x, const float* weight,
             const float* bias) {
  const int64_t block_rows = of.BlockRows(of.group_channels);
  const int64_t blocks = CeilDiv(of.rows, block_rows);
  gemm::MatrixProduct product{of.group_out, block_rows * of.columns, of.depth};
  product.ldc = of.positions;
  product.accumulate = bias != nullptr;
  product.pads_b = !of.pointwise;
  const TileScratch scratch(context, of, of.depth, block_rows, product);
  const int64_t work = product.m * product.n * product.k;
  ForTiles(context, of.batch * of.groups * blocks, work, [&](int64_t tile, float* memory) {
    const int64_t n = tile / blocks / of.groups, g = tile / blocks % of.groups;
    const PositionRows rows = of.Block(tile % blocks, block_rows);
    gemm::MatrixProduct part = product;
    part.n = rows.size() * of.columns;
    part.c = of.Outputs(y, n, g) + rows.begin * of.columns;
    part.a = {weight + g * of.group_out * of.depth, of.depth, false};
    part.b = Unfolded(of, memory + scratch.columns_at, of.Planes(x, n, g), rows);
    for (int64_t o = 0; bias != nullptr && o < of.group_out; ++o) {
      std::fill_n(part.c + o * of.positions, part.n, bias[g * of.group_out + o]);
    }
    gemm::MultiplySerial(part, memory + scratch.product_at);
  });
}

// By (n, group, some channels), which share no pixel; 256 rows of the product each, where there are
// as many.
void BackwardInput(Context& context, const Shape& of, float* dx, const float* dy,
                   const float* weight) {
  const int64_t some = std::max<int64_t>(1, std::min(of.group_channels, CeilDiv(256, of.area)));
  const int64_t splits = CeilDiv(of.group_channels, some);
  const int64_t block_rows = of.BlockRows(some);
  const int64_t plane = of.height * of.width;
  const gemm::MatrixProduct product{some * of.area, block_rows * of.columns, of.group_out};
  const TileScratch scratch(context, of, some * of.area, block_rows, product);
  const int64_t work = of.group_out * some * of.area * of.positions;
  ForTiles(context, of.batch * of.groups * splits, work, [&](int64_t tile, float* memory) {
    const int64_t n = tile / splits / of.groups, g = tile / splits % of.groups;
    const int64_t first = tile % splits * some;
    const int64_t count = std::min(some, of.group_channels - first);
    float* planes = dx + (n * of.channels + g * of.group_channels + first) * plane;
    if (!of.pointwise) std::fill_n(planes, count * plane, 0.0f);
    for (int64_t row = 0; row < of.rows; row += block_rows) {
      const PositionRows rows{row, std::min(of.rows, row + block_rows)};
      float* dcolumns = of.pointwise ? planes + row * of.columns : memory + scratch.columns_at;
      const int64_t stride = of.pointwise ? of.positions : of.Stride(rows.size());
      gemm::MatrixProduct part = product;
      part.m = count * of.area;
      part.n = rows.size() * of.columns;
      part.c = dcolumns;
      part.ldc = stride;
      part.a = {weight + g * of.group_out * of.depth + first * of.area, of.depth, true};
      part.b = {of.Outputs(dy, n, g) + row * of.columns, of.positions, false};
      gemm::MultiplySerial(part, memory + scratch.product_at);
      for (int64_t c = 0; !of.pointwise && c < count; ++c) {
        FoldPlane(planes + c * plane, dcolumns + c * of.area * stride, stride, of.height, of.width,
                  of.window, rows);
      }
    }
  });
}

void BackwardWeight(Context& context, const Shape& of, float* dweight, const float* dy,
                    const float* x, bool accumulate) {
  const int64_t block_rows = of.BlockRows(of.group_channels);
  const int64_t blocks = CeilDiv(of.rows, block_rows);
  const int64_t items = of.batch * blocks;  // (n, block), in order
  const int64_t size = of.out_channels * of.depth;
  const int64_t most = std::min(items, ProductParts(of.batch * of.positions, size));
  const int64_t step = std::max<int64_t>(1, CeilDiv(items, std::max<int64_t>(1, most)));
  const int64_t parts = CeilDiv(items, step);
  gemm::MatrixProduct product{of.group_out, of.depth, block_rows * of.columns};
  product.ldc = of.depth;
  const TileScratch scratch(context, of, of.depth, block_rows, product);
  float* partials = context.SharedScratch(std::max<int64_t>(1, parts) * size);
  const int64_t work = product.m * product.n * product.k * step;
  ForTiles(context, parts * of.groups, work, [&](int64_t tile, float* memory) {
    const int64_t part = tile / of.groups, g = tile % of.groups;
    const int64_t first = part * step;
    for (int64_t item = first; item < std::min(items, first + step); ++item) {
      const int64_t n = item / blocks;
      const PositionRows rows = of.Block(item % blocks, block_rows);
      gemm::MatrixProduct term = product;
      term.k = rows.size() * of.columns;
      term.c = partials + part * size + g * of.group_out * of.depth;
      term.a = {of.Outputs(dy, n, g) + rows.begin * of.columns, of.positions, false};
      term.b = Unfolded(of, memory + scratch.columns_at, of.Planes(x, n, g), rows);
      term.b.transposed = true;
      term.accumulate = item > first;
      gemm::MultiplySerial(term, memory + scratch.product_at);
    }
  });
  CombinePartials(context, dweight, partials, parts, size, accumulate);
}

template <class Conv2d>
bool ValidShape(const Conv2d& of) {
  return of.batch >= 0 && of.channels >= 0 && of.out_channels >= 0 && of.groups > 0 &&
         of.channels % of.groups == 0 && of.out_channels % of.groups == 0 &&
         of.window.Fits(of.height, of.width) &&
         Product(of.window.kernel[0], of.window.kernel[1]) >= 0 &&
         Product(of.channels, of.window.kernel[0], of.window.kernel[1]) >= 0 &&
         Product(of.window.Positions(0, of.height), of.window.Positions(1, of.width)) >= 0;
}

template <class Conv2d>
Shape ShapeOf(const Conv2d& of) {
  return {of.batch, of.channels, of.height, of.width, of.out_channels, of.groups, of.window};
}

template <class Conv2d>
PatchProduct PatchesOf(const Conv2d& of) {
  return {
      of.batch,        of.channels, of.height, of.width, of.window.kernel[0], of.window.kernel[1],
      of.out_channels, false};
}

}  // namespace

bool Conv2dForward::Valid() const {
  if (!ValidShape(*this)) return false;
  const Shape of = ShapeOf(*this);
  return Holds(y, of.OutputCount()) && Holds(x, of.ImageCount()) &&
         Holds(weight, of.WeightCount()) && HoldsOrAbsent(bias, out_channels);
}

void Conv2dForward::Run(Context& context) {
  if (ShapeOf(*this).OutputCount() == 0) return;
  const Shape of = ShapeOf(*this);
  if (groups == 1 && !of.pointwise && IsPatches(window)) {
    PatchesOf(*this).Forward(context, y, x, weight, bias);
  } else {
    Forward(context, of, y, x, weight, bias);
  }
}

bool Conv2dBackward::Valid() const {
  if (!ValidShape(*this)) return false;
  const Shape of = ShapeOf(*this);
  return HoldsOrAbsent(dx, of.ImageCount()) && HoldsOrAbsent(dweight, of.WeightCount()) &&
         HoldsOrAbsent(dbias, out_channels) && Holds(dy, of.OutputCount()) &&
         (dweight == nullptr || Holds(x, of.ImageCount())) &&
         (dx == nullptr || Holds(weight, of.WeightCount()));
}

void Conv2dBackward::Run(Context& context) {
  const Shape of = ShapeOf(*this);
  OmitIfEmpty(dx, of.ImageCount());
  OmitIfEmpty(dweight, of.WeightCount());
  OmitIfEmpty(dbias, out_channels);
  if (of.OutputCount() == 0) {
    if (dx != nullptr) std::fill_n(dx.data, of.ImageCount(), 0.0f);
    if (dweight != nullptr && !accumulate_dweight)
      std::fill_n(dweight.data, of.WeightCount(), 0.0f);
    if (dbias != nullptr && !accumulate_dbias) std::fill_n(dbias.data, out_channels, 0.0f);
    return;
  }
  const PatchProduct patches = PatchesOf(*this);
  const bool disjoint = groups == 1 && !of.pointwise && IsPatches(window);
  if (dx != nullptr && disjoint) patches.BackwardInput(context, dx, dy, weight);
  if (dx != nullptr && !disjoint) BackwardInput(context, of, dx, dy, weight);
  if (dweight != nullptr && disjoint)
    patches.BackwardWeight(context, dweight, dy, x, accumulate_dweight);
  if (dweight != nullptr && !disjoint)
    BackwardWeight(context, of, dweight, dy, x, accumulate_dweight);
  if (dbias != nullptr) {
    const Dims shape{3, {batch, out_channels, of.positions}}, kept{3, {0, 1, 0}};
    Sum{dbias, dy, shape, kept, 1, accumulate_dbias}.Run(context);
  }
}

}  // namespace vitrine::ops
