#include "ops/conv2d.h"

#include <algorithm>

#include "gemm/gemm.h"
#include "ops/partials.h"
#include "ops/patches.h"
#include "ops/ranges.h"
#include "ops/reduce.h"
#include "runtime/cpu.h"

namespace vitrine::ops {
namespace {

using gemm::Gemm;
using gemm::Transpose;

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
  const float* Planes(const float* x, int64_t n, int64_t g) const {
    return x + (n * channels + g * group_channels) * height * width;
  }
  template <class T>
  T* Outputs(T* y, int64_t n, int64_t g) const {
    return y + (n * out_channels + g * group_out) * positions;
  }
};

// The right operand of a product: windows (K, block positions), rows `stride` apart.
struct Columns {
  const float* data;
  int64_t stride;
};

Columns Unfolded(const Shape& of, float* scratch, const float* planes, PositionRows rows) {
  if (of.pointwise) return {planes + rows.begin * of.columns, of.positions};
  const int64_t stride = (rows.end - rows.begin) * of.columns;
  for (int64_t c = 0; c < of.group_channels; ++c) {
    UnfoldPlane(scratch + c * of.area * stride, stride, planes + c * of.height * of.width,
                of.height, of.width, of.window, rows);
  }
  return {scratch, stride};
}

// Tiles per call of the pool's body, so that small ones are not shared out.
int64_t TilesTogether(int64_t work) {
  constexpr int64_t kLeastWork =
      512 * 1024;  // multiply-adds, below which waking a thread costs more
  return std::max<int64_t>(1, kLeastWork / std::max<int64_t>(1, work));
}

void Forward(Context& context, const Shape& of, float* y, const float* x, const float* weight,
             const float* bias) {
  const int64_t block_rows = of.BlockRows(of.group_channels);
  const int64_t blocks = CeilDiv(of.rows, block_rows);
  if (!of.pointwise) context.ReserveScratch(of.depth * block_rows * of.columns);
  const int64_t together = TilesTogether(of.group_out * of.depth * block_rows * of.columns);
  ForRanges(context, of.batch * of.groups * blocks, together,
            [&](int64_t begin, int64_t end, int worker) {
              for (int64_t tile = begin; tile < end; ++tile) {
                const int64_t n = tile / blocks / of.groups, g = tile / blocks % of.groups;
                const int64_t row = tile % blocks * block_rows;
                const PositionRows rows{row, std::min(of.rows, row + block_rows)};
                const int64_t count = (rows.end - rows.begin) * of.columns;
                const Columns columns =
                    Unfolded(of, context.Scratch(worker), of.Planes(x, n, g), rows);
                float* out = of.Outputs(y, n, g) + row * of.columns;
                for (int64_t o = 0; bias != nullptr && o < of.group_out; ++o) {
                  std::fill_n(out + o * of.positions, count, bias[g * of.group_out + o]);
                }
                Gemm(Transpose::kNo, Transpose::kNo, of.group_out, count, of.depth, 1,
                     weight + g * of.group_out * of.depth, of.depth, columns.data, columns.stride,
                     bias ? 1 : 0, out, of.positions);
              }
            });
}

void BackwardInput(Context& context, const Shape& of, float* dx, const float* dy,
                   const float* weight) {
  // By (n, group, some channels), which share no pixel; 256 rows of the product each, where there
  // are as many.
  const int64_t some = std::max<int64_t>(1, std::min(of.group_channels, CeilDiv(256, of.area)));
  const int64_t splits = CeilDiv(of.group_channels, some);
  const int64_t block_rows = of.BlockRows(some);
  if (!of.pointwise) context.ReserveScratch(some * of.area * block_rows * of.columns);
  const int64_t together = TilesTogether(of.group_out * some * of.area * of.positions);
  ForRanges(context, of.batch * of.groups * splits, together,
            [&](int64_t begin, int64_t end, int worker) {
              for (int64_t tile = begin; tile < end; ++tile) {
                const int64_t n = tile / splits / of.groups, g = tile / splits % of.groups;
                const int64_t first = tile % splits * some;
                const int64_t count = std::min(some, of.group_channels - first);
                const int64_t plane = of.height * of.width;
                float* planes = dx + (n * of.channels + g * of.group_channels + first) * plane;
                const float* tile_weight = weight + g * of.group_out * of.depth + first * of.area;
                if (!of.pointwise) std::fill_n(planes, count * plane, 0.0f);
                for (int64_t row = 0; row < of.rows; row += block_rows) {
                  const PositionRows rows{row, std::min(of.rows, row + block_rows)};
                  const int64_t stride = (rows.end - rows.begin) * of.columns;
                  float* dcolumns =
                      of.pointwise ? planes + row * of.columns : context.Scratch(worker);
                  Gemm(Transpose::kYes, Transpose::kNo, count * of.area, stride, of.group_out, 1,
                       tile_weight, of.depth, of.Outputs(dy, n, g) + row * of.columns, of.positions,
                       0, dcolumns, of.pointwise ? of.positions : stride);
                  for (int64_t c = 0; !of.pointwise && c < count; ++c) {
                    FoldPlane(planes + c * plane, dcolumns + c * of.area * stride, stride,
                              of.height, of.width, of.window, rows);
                  }
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
  const int64_t step =
      std::max<int64_t>(1, CeilDiv(items, std::min(std::max<int64_t>(1, items),
                                                   ProductParts(of.batch * of.positions, size))));
  const int64_t parts = CeilDiv(items, step);
  if (!of.pointwise) context.ReserveScratch(of.depth * block_rows * of.columns);
  float* partials = context.SharedScratch(std::max<int64_t>(1, parts) * size);
  const int64_t together = TilesTogether(of.group_out * of.depth * block_rows * of.columns * step);
  ForRanges(context, parts * of.groups, together, [&](int64_t begin, int64_t end, int worker) {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t part = tile / of.groups, g = tile % of.groups;
      float* partial = partials + part * size + g * of.group_out * of.depth;
      for (int64_t item = part * step; item < std::min(items, (part + 1) * step); ++item) {
        const int64_t n = item / blocks;
        const int64_t row = item % blocks * block_rows;
        const PositionRows rows{row, std::min(of.rows, row + block_rows)};
        const Columns columns = Unfolded(of, context.Scratch(worker), of.Planes(x, n, g), rows);
        Gemm(Transpose::kNo, Transpose::kYes, of.group_out, of.depth,
             (rows.end - rows.begin) * of.columns, 1, of.Outputs(dy, n, g) + row * of.columns,
             of.positions, columns.data, columns.stride, item == part * step ? 0 : 1, partial,
             of.depth);
      }
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

template <class PatchEmbed>
PatchProduct TokensOf(const PatchEmbed& of) {
  return {of.batch,        of.channels,     of.height, of.width, of.kernel_height,
          of.kernel_width, of.out_channels, true,      of.bf16};
}

template <class PatchEmbed>
bool ValidPatchEmbed(const PatchEmbed& of) {
  return of.batch >= 0 && of.channels >= 0 && of.height >= 0 && of.width >= 0 &&
         of.out_channels >= 0 && of.kernel_height > 0 && of.kernel_width > 0 &&
         Product(of.kernel_height, of.kernel_width) >= 0 &&
         Product(of.channels, of.kernel_height, of.kernel_width) >= 0 &&
         Product(of.height / of.kernel_height, of.width / of.kernel_width) >= 0 &&
         Product(of.batch, of.height / of.kernel_height, of.width / of.kernel_width) >= 0 &&
         (!of.bf16 || HasBf16());
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

bool PatchEmbedForward::Valid() const {
  if (!ValidPatchEmbed(*this)) return false;
  const PatchProduct of = TokensOf(*this);
  return Holds(y, Product(of.rows(), out_channels)) &&
         Holds(x, Product(batch, channels, height, width)) &&
         Holds(weight, Product(out_channels, of.depth())) && HoldsOrAbsent(bias, out_channels);
}

void PatchEmbedForward::Run(Context& context) {
  if (Product(TokensOf(*this).rows(), out_channels) == 0) return;
  TokensOf(*this).Forward(context, y, x, weight, bias);
}

bool PatchEmbedBackward::Valid() const {
  if (!ValidPatchEmbed(*this)) return false;
  const PatchProduct of = TokensOf(*this);
  const int64_t image = Product(batch, channels, height, width);
  const int64_t weights = Product(out_channels, of.depth());
  return HoldsOrAbsent(dx, image) && HoldsOrAbsent(dweight, weights) &&
         HoldsOrAbsent(dbias, out_channels) && Holds(dy, Product(of.rows(), out_channels)) &&
         (dweight == nullptr || Holds(x, image)) && (dx == nullptr || Holds(weight, weights));
}

void PatchEmbedBackward::Run(Context& context) {
  const PatchProduct of = TokensOf(*this);
  const int64_t image = Product(batch, channels, height, width);
  OmitIfEmpty(dx, image);
  OmitIfEmpty(dweight, Product(out_channels, of.depth()));
  OmitIfEmpty(dbias, out_channels);
  if (Product(of.rows(), out_channels) == 0) {
    if (dx != nullptr) std::fill_n(dx.data, image, 0.0f);
    if (dweight != nullptr && !accumulate_dweight)
      std::fill_n(dweight.data, out_channels * of.depth(), 0.0f);
    if (dbias != nullptr && !accumulate_dbias) std::fill_n(dbias.data, out_channels, 0.0f);
    return;
  }
  if (dx != nullptr) of.BackwardInput(context, dx, dy, weight);
  if (dweight != nullptr) of.BackwardWeight(context, dweight, dy, x, accumulate_dweight);
  if (dbias != nullptr) {
    const Dims shape{2, {of.rows(), out_channels}}, kept{2, {0, 1}};
    Sum{dbias, dy, shape, kept, 1, accumulate_dbias}.Run(context);
  }
}

}  // namespace vitrine::ops
