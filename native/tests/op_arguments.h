#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/operand.h"

namespace vitrine {

// Fills an op's fields with arguments drawn at random, by its own list of them. The operands are
// memory of their own, each of so many bytes and not one more.
class OpArguments {
 public:
  // `sizes` are what numbers of elements, strides and the like are drawn from.
  OpArguments(uint32_t seed, std::vector<int64_t> sizes, size_t bytes)
      : random_(seed), sizes_(std::move(sizes)), bytes_(bytes) {}

  template <class... Field>
  void operator()(Field&... fields) {
    (Draw(fields), ...);
  }

  // Operands are zeros until this is called; then those of floats are numbers around 0.
  void FillFloats() {
    for (float* values : floats_) {
      for (size_t i = 0; i < bytes_ / sizeof(float); ++i)
        values[i] = static_cast<float>(random_() % 1024) / 1024.0f - 0.5f;
    }
  }

  int64_t Size() { return sizes_[random_() % sizes_.size()]; }

  const std::deque<std::vector<std::byte>>& memory() const { return memory_; }

 private:
  void Draw(bool& field) { field = random_() % 2 == 0; }
  void Draw(int64_t& field) { field = Size(); }
  template <std::integral T>
  void Draw(T& field) {
    field = static_cast<T>(random_() % 4);  // one of a few kinds
  }
  template <std::floating_point T>
  void Draw(T& field) {
    field = static_cast<T>(0.5);
  }
  template <class T>
  void Draw(In<T>& field) {
    DrawOperand(field.data, field.count);
  }
  template <class T>
  void Draw(Out<T>& field) {
    DrawOperand(field.data, field.count);
  }
  template <class T>
  void Draw(std::vector<T>& field) {
    field.resize(1 + random_() % 2);
    for (T& each : field) Draw(each);
  }
  void Draw(Dims& field) {
    field.rank = kRank;
    for (int i = 0; i < kRank; ++i) field.at[i] = Size();
  }
  template <class T>
  void DrawOperand(T*& data, size_t& count) {
    if (random_() % 8 == 0) return;  // absent
    std::vector<std::byte>& bytes = memory_.emplace_back(bytes_);
    data = reinterpret_cast<T*>(bytes.data());
    count = bytes_ / sizeof(T);
    if constexpr (std::same_as<std::remove_const_t<T>, float>)
      floats_.push_back(reinterpret_cast<float*>(bytes.data()));
  }

  static constexpr int kRank = 4;
  std::minstd_rand random_;
  std::vector<int64_t> sizes_;
  size_t bytes_;
  std::deque<std::vector<std::byte>> memory_;
  std::vector<float*> floats_;
};

}  // namespace vitrine
