#pragma once

#include <cstdint>

#include "kernels/packed_product.h"
#include "ops/tile_grid.h"
#include "runtime/context.h"

namespace vitrine::ops {

// c (m,n) = a (m,k) b (k,n), or c plus that, through kernels/packed_product.h.
//
// With few rows, a tile is some columns, and its thread packs the part of b that it multiplies by:
// no other reads it, and b is most of what moves. With many, a first loop packs b into scratch that
// all share, and the tiles of a second follow the rows of a, which the ops before and after keep
// to the same thread.
class PackedProduct {
 public:
  // Whether this is faster than the library's product: it is for small ones, and packing pays from
  // a few rows on.
  static bool Pays(int64_t m, int64_t n, int64_t k);

  PackedProduct(const kernels::PackedKernel& kernel, int64_t m, int64_t n, int64_t k, float* c,
                int64_t ldc, const kernels::PackedSource& a, const kernels::PackedSource& b,
                bool accumulate);

  // The same with other matrices of the same sizes.
  PackedProduct With(float* c, const float* a, const float* b) const;

  // From now on, the product is added to c.
  void Accumulate() { accumulate_ = true; }

  // So many products share b, in this one's scratch; they differ in a and c. To be called first.
  void ShareRight(int64_t products);

  // For an a that is transposed, when the rows of the ops around lie along k: half of k is for the
  // first tiles and half for the last ones, so that they, too, read what their own core wrote, and
  // a third loop adds the halves. To be called first.
  void SplitDepth();

  // Floats of scratch that packed b takes up, shared by all workers, and of each worker's.
  int64_t SharedScratch() const;
  int64_t WorkerScratch() const;
  // Where the shared scratch is, best at a whole cache line, and a or b if it was not known; to be
  // called before the tiles run.
  void UseShared(float* packed) { packed_ = packed; }
  void UseLeft(const float* a) { a_.data = a; }
  void UseRight(const float* b) { b_.data = b; }

  // The first loop: any tile may run beside any other.
  int64_t PackTiles() const;
  void PackTile(int64_t index) const;

  // The second. Returns what of c was computed and is warm.
  int64_t Tiles() const;
  Tile RunTile(int64_t index, float* scratch) const;

  // The third, only after SplitDepth().
  int64_t AddTiles() const;
  void AddTile(int64_t index) const;

  // Both loops, without SplitDepth(); `finish` is called with each tile of c.
  template <class Finish>
  void Run(Context& context, const Finish& finish) const {
    context.ParallelFor(PackTiles(), [&](int64_t index, int) { PackTile(index); });
    context.ParallelFor(Tiles(), [&](int64_t index, int worker) {
      finish(RunTile(index, context.Scratch(worker)));
    });
  }

  // The whole product on the calling thread, with all scratch that it needs, of so many floats.
  static int64_t ScratchAlone(const kernels::PackedKernel& kernel, int64_t m, int64_t n, int64_t k);
  void RunAlone(float* scratch);

  // Whether b is read where it is, so that there is nothing to pack.
  bool reads_b() const;

 private:
  bool reads_a() const;
  bool by_columns() const;
  void ChooseTiles();
  int64_t panels() const;
  // The first column of a panel; that behind the last one is n in whole vectors.
  int64_t Column(int64_t panel) const;
  // The first row of a tile of rows, at a whole block; that behind the last one is m.
  int64_t FirstRow(int64_t tile) const;
  int64_t PackedFloats() const;
  int64_t LeftScratch() const;
  // Words between the packed rows of an a that is not transposed.
  int64_t LeftStride() const;
  // Whether b is packed past the caches.
  bool Streams() const;
  void PackSteps(int64_t index) const;
  // Packs steps [first, first + steps) along k of panels [begin, end).
  void PackPart(int64_t begin, int64_t end, int64_t first, int64_t steps) const;
  const float* PanelOfB(int64_t panel, int64_t first_word) const;
  // What the blocks of a panel fetch meanwhile: so many of them a share each, of a word or a cache
  // line each step.
  struct Fetch {
    const float* from;
    int64_t between, step, count;
  };
  Fetch FetchPanel(int64_t panel, int64_t first_word, int64_t words, int64_t blocks) const;
  // What a tile computes: rows of a, panels of b, and steps along k, in words.
  struct Part {
    int64_t row, rows, begin, end, first_word, last_word;
  };
  void Multiply(float* c, int64_t ldc, const Part& part, bool accumulate, float* left) const;

  const kernels::PackedKernel* kernel_;
  int64_t m_, n_, k_;
  float* c_;
  int64_t ldc_;
  kernels::PackedSource a_, b_;
  bool accumulate_;
  float* packed_ = nullptr;
  // Of a tile, when tiles are columns: how many.
  int64_t step_ = 1;
  // Else into how many tiles rows are cut, and how many groups panels.
  int64_t row_tiles_ = 1, groups_ = 1;
  // Parts of k, whose products are added at the end.
  int64_t splits_ = 1;
  int64_t sharers_ = 1;
  bool alone_ = false;
};

}  // namespace vitrine::ops
