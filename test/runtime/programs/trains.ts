// Trains for 30 steps with dropout from the seed that its argument is, and prints a digest of the parameters.
import { optim, Trainer } from '../../../lib/index.js';
import { parameterHash, textures, tinyViT } from '../../train/tiny-problem.js';

const seed = Number(process.argv[2]);
const dropped = { posDropRate: 0.1, projDropRate: 0.1, dropPathRate: 0.1 };
const model = tinyViT({ ...dropped, embedDim: 64, numHeads: 4 }, seed);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const train = textures(150);
await new Trainer({ model, optimizer, train, batchSize: 15, epochs: 3, seed, clipGradNorm: 1 }).fit();
console.log(parameterHash(model));
