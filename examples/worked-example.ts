/**
 * From an image to a loss in five steps, at sizes small enough to follow by hand:
 * image (1,3,8,8), patches of 4 x 4, width 8, 16 positions, 6 layers, 8 heads, 10 classes.
 *
 * Run: node dist/examples/worked-example.js
 */
import { F, manualSeed, nn, randint, randn, type Tensor } from '../lib/index.js';

const [channels, imageSize, patchSize, width, maxPositions, layers, heads, classes] = [3, 8, 4, 8, 16, 6, 8, 10];
const show = (step: string, x: Tensor): void => console.log(`${step.padEnd(44)} (${x.shape.join(',')})`);

manualSeed(0);
const image = randn([1, channels, imageSize, imageSize]);
show('image', image);

// Step 1: image to patch embeddings, by two routes.
const weight = randn([patchSize * patchSize * channels, width], { requiresGrad: true });
const patches = F.unfold(image, { kernelSize: patchSize, stride: patchSize }).transpose(-1, -2);
show('1. patches', patches);
const naive = F.image2embNaive(image, patchSize, weight);
show('   embeddings: unfold, then a matrix product', naive);
const kernel = weight.transpose(0, 1).reshape([width, channels, patchSize, patchSize]);
const embeddings = F.image2embConv(image, kernel, patchSize);
show('   embeddings: convolution with stride 4', embeddings);
const [a, b] = await Promise.all([naive.data(), embeddings.data()]);
console.log(
  `   largest difference of the two routes       ${Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))))}`,
);

// Step 2: a learned class token in front.
const classToken = randn([1, 1, width], { requiresGrad: true });
const withClass = F.cat([classToken, embeddings], 1);
show('2. tokens, the class token in front', withClass);

// Step 3: a learned embedding of each position.
const positions = randn([maxPositions, width], { requiresGrad: true });
const tokens = F.add(withClass, F.slice(positions, 0, 0, withClass.shape[1]));
show('3. tokens with positions', tokens);

// Step 4: a Transformer encoder. Step 5: the class token's output to classes, and the loss.
const label = randint(0, classes, [1]);
const head = new nn.Linear(width, classes);

function lossOf(batchFirst: boolean): Tensor {
  manualSeed(1); // the same weights both times
  const layer = new nn.TransformerEncoderLayer(width, heads, { dropout: 0, batchFirst });
  const encoder = new nn.TransformerEncoder(layer, layers);
  const encoded = encoder.forward(tokens);
  if (batchFirst) show('4. encoded tokens', encoded);
  const logits = head.forward(F.slice(encoded, 1, 0, 1).reshape([1, width]));
  if (batchFirst) show('5. logits, read from the class token', logits);
  return F.crossEntropy(logits, label);
}

const loss = lossOf(true);
const other = lossOf(false);
console.log(`   loss                                       ${(await loss.item()).toFixed(6)}`);
console.log(`   loss with batchFirst: false                ${(await other.item()).toFixed(6)}`);

// And back: every parameter on the way has its gradient now.
loss.backward();
show('gradient of the patch weight', weight.grad ?? weight);
console.log(`
Why the two losses differ: PyTorch's nn.TransformerEncoderLayer(d_model, nhead) has batch_first=False as its default and
takes (tokens, batch, width). Given (batch, tokens, width), as above, it attends across the batch: with a batch of one
each token sees only itself, and the class token learns nothing of the image. vitrine's default is batchFirst: true.`);
