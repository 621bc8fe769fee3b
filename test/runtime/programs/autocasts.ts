// Multiplies in bfloat16, twice, and tells what vitrine says of it and what came of it.
import { autocast, F, info, tensor } from '../../../lib/index.js';

const weight = tensor([[1], [1 / 3], [1.5]]);
const product = () => F.linear(tensor([[2]]), weight, tensor([0, 0.35, 0]));
const results = [autocast('bf16', product), autocast('bf16', product)].map((y) => [...y.dataSync()])[1];
console.log(JSON.stringify({ ...info().bf16, results, auto: autocast('auto', product).dtype }));
