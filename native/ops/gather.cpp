#include "ops/gather.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <iterator>
#include <limits>
#include <string>

#include "ops/ranges.h"

namespace vitrine::ops {
namespace {

// As INDEXED of lib/native.ts has them.
constexpr const char* kIndexed[] = {"gather", "scatter", "scatterAdd", "indexSelect", "index"};

constexpr int64_t kMost = std::numeric_limits<int32_t>::max();

std::string Range(int64_t size, bool from_end) {
  return "from " + std::to_string(from_end ? -size : 0) + " to " + std::to_string(size - 1);
}

bool IndexHolds(const In<int32_t>& index, int64_t outer, int64_t count, int64_t inner, bool each) {
  return Holds(index, each ? Product(outer, count, inner) : count);
}

// The index was checked when it was made, but its memory may have been overwritten since.
void FailIfOutside(Context& context, const std::atomic<bool>& outside) {
  if (outside.load(std::memory_order_relaxed)) {
    context.Fail("Expected an index as it was when it was checked but received another one.");
  }
}

bool Inside(int32_t at, int64_t entries) { return at >= 0 && at < entries; }

}  // namespace

bool CheckedIndex::Valid() const {
  if (!Holds(y, count) || sizes.size() != index.size()) return false;
  if (operation < 0 || operation >= static_cast<int32_t>(std::size(kIndexed))) return false;
  int64_t places = 1;
  for (size_t k = 0; k < index.size(); ++k) {
    places = Product(places, sizes[k]);
    if (places < 0 || places > kMost || !Holds(index[k], count)) return false;
  }
  return true;
}

void CheckedIndex::Run(Context& context) {
  std::fill_n(y.data, count, 0);
  for (size_t k = 0; k < index.size(); ++k) {
    const int64_t size = sizes[k];
    std::atomic<int64_t> first_outside{count};
    ForElements(context, count, [&](int64_t begin, int64_t n) {
      for (int64_t i = begin; i < begin + n; ++i) {
        const int64_t given = index[k][i];
        const int64_t at = given < 0 && from_end ? given + size : given;
        if (at < 0 || at >= size) {
          int64_t first = first_outside.load(std::memory_order_relaxed);
          while (i < first && !first_outside.compare_exchange_weak(first, i)) {
          }
          return;
        }
        y[i] = static_cast<int32_t>(y[i] * size + at);
      }
    });
    const int64_t outside = first_outside.load();
    if (outside == count) continue;
    return context.Fail("Expected indices " + Range(size, from_end) + " for " +
                            kIndexed[operation] + " but received " +
                            std::to_string(index[k][outside]) + " at index " +
                            std::to_string(outside) + ". Check the indices.",
                        site);
  }
}

bool Gather::Valid() const {
  const int64_t results = Product(outer, count, inner);
  return results <= kMost && Holds(y, results) && Holds(table, Product(outer, entries, inner)) &&
         IndexHolds(index, outer, count, inner, each) &&
         HoldsOrAbsent(winner, Product(outer, entries, inner));
}

void Gather::Run(Context& context) {
  if (Product(outer, count, inner) == 0) return;
  std::atomic<bool> outside{false};
  const int64_t step = std::min(inner, kElementsPerTile);
  const int64_t pieces = CeilDiv(inner, step);
  ForRows(context, outer * count * pieces, step, [&](int64_t begin, int64_t n) {
    for (int64_t piece = begin; piece < begin + n; ++piece) {
      const int64_t row = piece / pieces, column = piece % pieces * step;
      const int64_t columns = std::min(step, inner - column);
      const int64_t block = row / count * entries * inner + column;
      const int64_t first = row * inner + column;
      if (!each && !winner.data) {
        const int32_t at = index[row % count];
        if (!Inside(at, entries)) return outside.store(true, std::memory_order_relaxed);
        std::copy_n(table + block + at * inner, columns, y + first);
        continue;
      }
      for (int64_t j = 0; j < columns; ++j) {
        const int32_t at = each ? index[first + j] : index[row % count];
        if (!Inside(at, entries)) return outside.store(true, std::memory_order_relaxed);
        const int64_t place = block + at * inner + j;
        const bool lost = winner.data && winner[place] != first + j;
        y[first + j] = lost ? 0.0f : table[place];
      }
    }
  });
  FailIfOutside(context, outside);
}

bool Scatter::Valid() const {
  const int64_t given = Product(outer, count, inner);
  const bool numbers = static_cast<ScatterMode>(mode) == ScatterMode::kNumber;
  return mode >= 0 && mode <= static_cast<int32_t>(ScatterMode::kNumber) && given >= 0 &&
         given <= kMost && (numbers || Holds(x, given)) &&
         Holds(table, Product(outer, entries, inner)) &&
         IndexHolds(index, outer, count, inner, each);
}

// Each tile owns columns of the table and walks all rows in order, so that rows for one place do
// not race, whatever the number of threads.
template <class Put>
void Scatter::Walk(Context& context, const Put& put) {
  std::atomic<bool> outside{false};
  // 64 columns are four cache lines; a small table is one tile's.
  const int64_t all = Product(outer, count + entries, inner);
  const int64_t step = all <= kElementsPerTile ? inner : std::min<int64_t>(inner, 64);
  const int64_t pieces = CeilDiv(inner, step);
  ForRows(context, outer * pieces, Product(count, step), [&](int64_t begin, int64_t n) {
    for (int64_t piece = begin; piece < begin + n; ++piece) {
      const int64_t block = piece / pieces, column = piece % pieces * step;
      const int64_t columns = std::min(step, inner - column);
      float* into = table + block * entries * inner + column;
      for (int64_t i = 0; i < count; ++i) {
        const int64_t first = (block * count + i) * inner + column;
        for (int64_t j = 0; j < columns; ++j) {
          const int32_t at = index[each ? first + j : i];
          if (!Inside(at, entries)) return outside.store(true, std::memory_order_relaxed);
          put(into[at * inner + j], first + j);
        }
      }
    }
  });
  FailIfOutside(context, outside);
}

void Scatter::Run(Context& context) {
  if (Product(outer, count, inner) == 0) return;
  const auto add_integers = [this](float& place, int64_t i) {
    place = std::bit_cast<float>(std::bit_cast<uint32_t>(place) + std::bit_cast<uint32_t>(x[i]));
  };
  switch (static_cast<ScatterMode>(mode)) {
    case ScatterMode::kWrite:
      return Walk(context, [this](float& place, int64_t i) { place = x[i]; });
    case ScatterMode::kAdd:
      return Walk(context, [this](float& place, int64_t i) { place += x[i]; });
    case ScatterMode::kAddIntegers:
      return Walk(context, add_integers);
    case ScatterMode::kNumber:
      return Walk(context, [](float& place, int64_t i) {
        place = std::bit_cast<float>(static_cast<int32_t>(i));
      });
  }
}

}  // namespace vitrine::ops
