#pragma once

#include "ops/op.h"

namespace vitrine::ops {

// Where element (b, h, t, 0) of a (B,H,T,D) operand lies: at[0] + b * at[1] + h * at[2] + t *
// at[3]; heads are D contiguous floats. So heads are read out of a fused qkv (B,T,3,H,D), or of
// (B,H,T,D), without a copy.
using HeadLayout = Dims;

// Where the score of (b, h, t, m) has its bias: b * at[0] + h * at[1] + t * at[2] + m * at[3], 0
// for an axis along which one serves all; keys lie side by side, or one serves all.
using BiasLayout = Dims;

// y = softmax(scale * q k^T + bias + masks) v for each head. Operands (B,H,T,D) are all float32, or
// all bfloat16, where products read such factors and there are keys, queries and a width. Keys at a
// true (non-zero) key_padding are ignored; causal lets query t see keys up to t. A query that sees
// no key, as where the bias is -infinity, gives zeros.
struct AttentionForward {
  Out<Floats> y;  // (B,H,T,D) by layout_y
  // (2,B,H,T), contiguous, for backward: of each row of scores the maximum, then 1 / the sum of
  // exp(scores - maximum). As one number they would lose digits where scores are large.
  Out<float> softmax;
  In<Floats> q, k, v;               // (B,H,T,D), (B,H,M,D), (B,H,M,D) by their layouts
  OptionalIn<int32_t> key_padding;  // (B,M)
  OptionalIn<float> bias;           // by layout_bias
  HeadLayout layout_y, layout_q, layout_k, layout_v;
  BiasLayout layout_bias;
  int64_t batch, heads, queries, keys, width;
  float scale;
  bool causal;
  bool bf16;  // round the factors of the products to bfloat16
  OP("attentionForward", y, softmax, q, k, v, key_padding, bias, layout_y, layout_q, layout_k,
     layout_v, layout_bias, batch, heads, queries, keys, width, scale, causal, bf16);
  bool Valid() const;

 private:
  void RunFp32(Context& context);
  void RunBf16(Context& context);
};

// Probabilities are computed again, a block of queries at a time: T x T is never
// stored.
struct AttentionBackward {
  Out<Floats> dq, dk, dv;  // by the layouts of q, k, v; written
  // (parts, and then a bias without gaps): as many sums, which together are the gradient. Heads
  // that share a piece of the bias are dealt out to them, so that threads share the work.
  OptionalOut<float> dbias;
  In<Floats> dy, y;  // by layout_y
  In<Floats> q, k, v;
  In<float> softmax;                // (2,B,H,T)
  OptionalIn<int32_t> key_padding;  // (B,M)
  OptionalIn<float> bias;           // by layout_bias
  HeadLayout layout_y, layout_q, layout_k, layout_v;
  BiasLayout layout_bias;
  int64_t batch, heads, queries, keys, width, parts;
  float scale;
  bool causal;
  bool bf16;  // round the factors of the products to bfloat16
  OP("attentionBackward", dq, dk, dv, dbias, dy, y, q, k, v, softmax, key_padding, bias, layout_y,
     layout_q, layout_k, layout_v, layout_bias, batch, heads, queries, keys, width, parts, scale,
     causal, bf16);
  bool Valid() const;

 private:
  void RunFp32(Context& context);
  void RunBf16(Context& context);
};

}  // namespace vitrine::ops
