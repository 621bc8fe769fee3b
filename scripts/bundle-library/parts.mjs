// What `import 'vitrine'` does not load, by the parts in which it loads when it is first used.

/** Sources of each part. What they alone lead to is late as well. */
const PARTS = {
  nn: /^lib\/nn\/(index|swin\/|segmentation\/|dino\/|masked-autoencoder|transformer|lora\.|losses|batch-norm|pooling|upsample|embedding|feature-pyramid|module-dict|summary|activation|state\.|vit\/registry)/,
  ops: /^lib\/(autograd\/grad|ops\/(in-place|gather|losses|einsum|einsum-equation|indexing|index-items|expand|sort|batch-norm|interpolate|diagonal|(adaptive-)?avg-pool2d|rows|scaled-dot-product-attention|masked-fill|copies|image2emb|cumsum|nonzero|outer|window-attention|sampling|cross-entropy|checkpoint))\.ts$/,
  data: /^lib\/data\//,
  train: /^lib\/(train|optim)\//,
  io: /^lib\/(io|onnx)\/|^lib\/nn\/(.*-)?onnx\.ts$|^lib\/nn\/.*\/(.*-)?onnx\.ts$/,
  report: /^lib\/(report|render)\//,
  features: /^lib\/features\//,
};

/** Small ones among them that the root names as classes or that put methods onto those: they call late functions. */
const EARLY =
  /^lib\/(train\/(trainer|capture|ema|mean-iou|non-finite)|report\/html-report|io\/pretrained\/(pretrained|model)|.*-worker)\.ts$/;

/** The part that a source belongs to; undefined for one that loads at once. */
export function partOf(source) {
  if (EARLY.test(source)) return undefined;
  return Object.keys(PARTS).find((part) => PARTS[part].test(source));
}
