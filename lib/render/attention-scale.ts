// A patch that gets three times an even share stands out. Where none does, none is painted as if it did.
const STANDING_OUT = 3;

/**
 * What full colour stands for in a picture of attention: the most that a patch gets, or three times an even share where
 * all get less; with fewer patches than three, all there is.
 */
export function fullAttention(map: ArrayLike<number>): number {
  let [most, sum] = [Number.MIN_VALUE, 0];
  for (let i = 0; i < map.length; i++) {
    most = Math.max(most, map[i]);
    sum += map[i];
  }
  return Math.max(most, (Math.min(STANDING_OUT, map.length) * sum) / map.length);
}
