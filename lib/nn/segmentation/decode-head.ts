import { checkArray, checkInteger, expected, Text } from '../../check.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { interpolate } from '../../ops/interpolate.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

/** What a head is told of the maps that it reads. */
export interface DecodeHeadOptions {
  /** Channels of each map, in the order in which they come. */
  inChannels: readonly number[];
  /** How many classes there are. */
  numClasses: number;
}

/** Makes class scores of a backbone's maps, at the size of the first of them. @see `BaseDecodeHead` of mmsegmentation */
export abstract class DecodeHead extends Module {
  /** @param maps (N,C,h,w), one of each of `inChannels` @returns (N,classes,h0,w0) */
  abstract forward(maps: readonly Tensor[]): Tensor;
}

/** @internal Throws unless these are channels of some maps, and classes. */
export function checkHead(options: DecodeHeadOptions, where: string): void {
  const { inChannels, numClasses } = options ?? {};
  const channels = checkArray(inChannels, 'an array of channels', `${where} inChannels`);
  if (channels.length === 0) throw expected('at least one map', `${where} inChannels`, inChannels);
  for (const count of channels) checkInteger(count, `${where} inChannels`, 1);
  checkInteger(numClasses, `${where} numClasses`, 1);
}

/** @internal Throws unless the maps have these channels. */
export function checkMaps(maps: readonly Tensor[], inChannels: readonly number[], where: string): void {
  checkArray(maps, 'an array of maps', where);
  if (maps.length !== inChannels.length) {
    throw expected(`${inChannels.length} maps`, where, new Text(String(maps.length)));
  }
  for (const [i, map] of maps.entries())
    checkTensor(map, `map ${i} of ${where}`, { shape: [null, inChannels[i], null, null] });
}

/** @internal A map at the size of another. */
export function resizeLike(map: Tensor, like: Tensor): Tensor {
  const size = like.shape.slice(2) as [number, number]; // of four axes
  if (map.shape[2] === size[0] && map.shape[3] === size[1]) return map;
  return interpolate(map, { size, mode: 'bilinear' });
}
