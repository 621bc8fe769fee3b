#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// y = x with the first `rotated` heads of each token turned, pair of channels by pair, by the
// angles of the token's place; the first `prefix` tokens and the other heads are copied. `back`
// turns the other way, which is the gradient.
struct Rotate {
  Out<float> y;        // (batch, tokens, heads, 2 * pairs)
  In<float> x;         // likewise
  In<float> cos, sin;  // (tokens - prefix, pairs)
  int64_t batch, tokens, prefix, heads, rotated, pairs;
  bool interleaved;  // whether pairs are neighbours, or `pairs` apart
  bool back;
  OP("rotate", y, x, cos, sin, batch, tokens, prefix, heads, rotated, pairs, interleaved, back);
  bool Valid() const {
    const int64_t elements = Product(batch, tokens, heads, 2, pairs);
    return prefix >= 0 && prefix <= tokens && rotated >= 0 && rotated <= heads &&
           Holds(y, elements) && Holds(x, elements) &&
           Holds(cos, Product(tokens - prefix, pairs)) &&
           Holds(sin, Product(tokens - prefix, pairs));
  }
};

}  // namespace vitrine::ops
