import { expected, Text } from '../check.js';
import '../io/pretrained/pretrained.js';
import { ViT } from '../nn/vit/vit.js';
import { DEFAULT_RUN } from './run-folder.js';

/**
 * A model in evaluation mode from what `vitrine train` or `model.save` has written, or from a checkpoint of timm,
 * torchvision, Hugging Face or Google: a folder or a file.
 *
 * @throws TypeError in one sentence for what is none
 */
export async function openModel(path: string): Promise<ViT> {
  try {
    return await ViT.fromPretrained(path);
  } catch (error) {
    const missing = error instanceof TypeError && /ENOENT/.test(error.message);
    if (!missing) throw error;
    const advice = `Give a folder that \`vitrine train\` has written, such as ${DEFAULT_RUN}, or a checkpoint.`;
    throw expected('a trained model', path, new Text('nothing: no such file or folder'), advice);
  }
}
