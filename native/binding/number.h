#pragma once

#include <napi.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <string>

namespace vitrine::binding {

// A JavaScript number as a T. `what` says which in a message. Throws Napi::TypeError for anything
// but a number; for an integral T also for NaN, fractions, and what T cannot hold, none of which
// C++ gives a meaning.
template <class T>
requires(std::integral<T> || std::floating_point<T>) T
    NumberAs(const Napi::Value& value, const std::string& what) {
  if (!value.IsNumber())
    throw Napi::TypeError::New(value.Env(),
                               "Expected a number for " + what + " but received another type.");
  const double number = value.As<Napi::Number>().DoubleValue();
  if constexpr (std::floating_point<T>) {
    return static_cast<T>(number);
  } else {
    // 2^digits, one more than the largest T, is a double where that T may be none.
    const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double begin = std::signed_integral<T> ? -end : 0;
    if (!(number >= begin && number < end) || std::trunc(number) != number) {
      throw Napi::TypeError::New(value.Env(), "Expected a whole number for " + what +
                                                  " that the native code can hold but received " +
                                                  std::to_string(number) + ".");
    }
    return static_cast<T>(number);
  }
}

}  // namespace vitrine::binding
