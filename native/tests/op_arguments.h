#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/operand.h"

namespace vitrine {

// Fills an op's fields with arguments drawn at random, by its own list of them.
class OpArguments {
 public:
  // `sizes` are what numbers of elements, strides and the like are drawn from. Each operand claims
  // so many bytes, and has none before Fit(): most of what is drawn is refused.
  OpArguments(uint32_t seed, std::vector<int64_t> sizes, size_t bytes)
      : random_(seed), sizes_(std::move(sizes)), bytes_(bytes) {}

  template <class... Field>
  void operator()(Field&... fields) {
    (Draw(fields), ...);
  }

  // Gives each operand memory of its own, of as many elements as the op says that it must hold, and
  // not one more: so the sanitizer sees what it touches beyond them.
  template <class Op>
  void Fit(Op& op) {
    Fitting fitting{*this, [&op] { return op.Valid(); }};
    op.Fields(fitting);
  }

  // Operands are zeros until this is called; then floats are numbers around 0, and integers small,
  // as labels and places are, some of them sometimes -1.
  void Fill() {
    const bool negative = Below(4) == 0;
    for (Operand& operand : operands_) {
      for (size_t at = 0; at < operand.bytes.size(); at += operand.element) {
        std::byte* const to = operand.bytes.data() + at;
        if (operand.floats) {
          const float value = static_cast<float>(Below(1024)) / 1024.0f - 0.5f;
          const Bf16 half = Bf16Of(value);
          operand.element == sizeof(half) ? std::memcpy(to, &half, sizeof(half))
                                          : std::memcpy(to, &value, sizeof(value));
        } else if (operand.element == sizeof(int32_t)) {
          const auto value = static_cast<int32_t>(negative && Below(16) == 0 ? -1 : Below(4));
          std::memcpy(to, &value, sizeof(value));
        } else if (operand.element == 1) {
          *to = static_cast<std::byte>(Below(256));
        }
      }
    }
  }

  int64_t Size() { return sizes_[random_() % sizes_.size()]; }
  int64_t Below(int64_t end) { return static_cast<int64_t>(random_()) % end; }
  bool Either() { return Below(2) == 0; }

  // What the operands hold, one after the other.
  std::vector<std::byte> Memory() const {
    std::vector<std::byte> all;
    for (const Operand& operand : operands_)
      all.insert(all.end(), operand.bytes.begin(), operand.bytes.end());
    return all;
  }

 private:
  struct Operand {
    std::vector<std::byte> bytes;
    size_t element;  // its bytes
    bool floats;
  };

  struct Fitting {
    OpArguments& arguments;
    std::function<bool()> valid;
    template <class... Field>
    void operator()(Field&... fields) {
      (FitField(fields), ...);
    }
    template <class T>
    void FitField(T& field) {
      if constexpr (requires { typename T::Element; }) {
        if (field.data == nullptr) return;
        size_t least = 0, most = field.count;
        while (least < most) {
          field.count = least + (most - least) / 2;
          valid() ? most = field.count : least = field.count + 1;
        }
        field.count = most;
        if constexpr (requires { field.bf16; }) {
          arguments.AllocateFloats(field.data, most, field.bf16);
        } else {
          arguments.Allocate(field.data, most);
        }
      } else if constexpr (requires { field.Fields(*this); }) {
        field.Fields(*this);
      } else if constexpr (requires { typename T::value_type::Element; }) {
        for (auto& each : field) FitField(each);
      }
    }
  };

  template <class T>
  requires requires(T& field, OpArguments& arguments) { field.Fields(arguments); }
  void Draw(T& field) { field.Fields(*this); }
  void Draw(bool& field) { field = Either(); }
  void Draw(int64_t& field) { field = Size(); }
  template <std::integral T>
  void Draw(T& field) {
    field = static_cast<T>(Below(Either() ? 4 : 64));  // one of a few kinds, or of many
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
  void Draw(In<Floats>& field) { DrawFloats(field); }
  void Draw(Out<Floats>& field) { DrawFloats(field); }
  template <class Operand>
  void DrawFloats(Operand& field) {
    const float* data = nullptr;
    DrawOperand(data, field.count);
    field.data = const_cast<float*>(data);
    field.bf16 = Either();
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
    data = reinterpret_cast<T*>(&places_.emplace_back());
    count = bytes_ / sizeof(T);
  }
  template <class T>
  void Allocate(T*& data, size_t count) {
    data = reinterpret_cast<T*>(
        MemoryOf(count, sizeof(T), std::same_as<std::remove_const_t<T>, float>));
  }
  template <class Void>
  void AllocateFloats(Void*& data, size_t count, bool bf16) {
    data = MemoryOf(count, bf16 ? sizeof(Bf16) : sizeof(float), true);
  }
  std::byte* MemoryOf(size_t count, size_t element, bool floats) {
    Operand& operand = operands_.emplace_back();
    operand.element = element;
    operand.floats = floats;
    operand.bytes.reserve(std::max<size_t>(1, count * element));  // none is not absent
    operand.bytes.resize(count * element);
    return operand.bytes.data();
  }

  static constexpr int kRank = 4;
  std::minstd_rand random_;
  std::vector<int64_t> sizes_;
  size_t bytes_;
  std::deque<double> places_;  // where operands claim to lie: no two of them at the same
  std::deque<Operand> operands_;
};

}  // namespace vitrine
