/**
 * The area under the receiver operating characteristic: how likely a positive has a higher score than a negative, ties
 * counting half. NaN where there is none of one kind, or a score is NaN.
 * @see Mann and Whitney 1947
 * @see `sklearn.metrics.roc_auc_score`
 */
export function rankingAuc(scores: Float64Array, isPositive: Uint8Array): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  const positives = isPositive.reduce((sum, value) => sum + value, 0);
  const negatives = scores.length - positives;
  if (scores.some(Number.isNaN)) return Number.NaN;
  let ranks = 0; // of positives, summed
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && scores[order[end]] === scores[order[begin]]) end++;
    const rank = (begin + 1 + end) / 2; // the mean of begin + 1 to end
    for (let i = begin; i < end; i++) if (isPositive[order[i]] === 1) ranks += rank;
    begin = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
