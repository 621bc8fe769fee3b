import type { ViTConfig } from '../../../nn/vit/config.js';

// What the names of timm's architectures tell that their weights do not. Source: timm 1.0.29, vision_transformer.py,
// vision_transformer_hybrid.py, deit.py, eva.py; test/golden/timm-architectures.json has every name with what timm
// builds for it.

/** Parts of architectures that have no counterpart here, by patterns of names; the first that fits counts. */
const missing: readonly (readonly [RegExp, string])[] = [
  [/_rope_(?!reg\d_gap_)|_rope_mixed|_pe_(core|lang|spatial)_/, 'rotary position embeddings of another kind'],
  [/^eva02_enormous_/, 'post-norm blocks'],
  [/^samvit_/, "SAM's windowed attention with relative positions"],
  [/^vit_s?relpos_/, 'relative positions by an MLP'],
  [/^naflexvit_/, "NaFlex's patch embedding"],
  [/^aimv2_/, 'RMS norm and SwiGLU (AIMv2)'],
  [/_rpn_/, 'res-post-norm blocks'],
  [/_d(wee|pwee|little)_/, 'differential attention'],
  [/_xp_|_pwee_|_18x2_/, 'parallel blocks'],
  [/_mci_|_resnet\d+d_/, 'convolutions with batch norm in front (MobileCLIP, ResNet-D)'],
  [/^test_vit3$/, 'pooling of prefix tokens with the patches (pool_include_prefix)'],
  [/^test_vit4$/, 'RMS norm'],
  [/^gemma4_vit/, 'positions of two factors and RMS norm (Gemma)'],
];

/** Heads by the word for the size; `plus` and a few others differ. */
const headsOfSize: Readonly<Record<string, number>> = {
  tiny: 3,
  xsmall: 4,
  wee: 4,
  little: 5,
  small: 6,
  medium: 8,
  mediumd: 8,
  betwixt: 10,
  base: 12,
  so150m2: 13,
  so150m: 14,
  large: 16,
  intern300m: 16,
  so400m: 16,
  huge: 16,
  giant: 16, // DINOv2's: 24
  giantopt: 16,
  gigantic: 16,
  '7b': 32,
};

const stem = String.raw`_patch\d+|_r\d*_s\d+(?:_p\d+)?`;
const kinds =
  '_36x1|_miil|_plus|_reg\\d|_clip|_quickgelu|_siglip|_gap|_map|_dinov2|_tipsv2|_dinov3|_lingbot|_rope|_qkvb|_in22k_ft_in22k';
const grammar = new RegExp(
  `^(?:vit|flexivit|deit3?|eva(?:02)?|beit(?:v2|3)?)_(7b|[a-z]+\\d*m?\\d?)(?:_distilled)?(?:${stem}|${kinds}|_\\d+)*$`,
);
// So that they need no word for a size.
const testModels: Readonly<Record<string, number>> = { test_vit: 2, test_vit2: 2 };

/** What an architecture is known by its name to have that no model here has. */
export function missingFeature(architecture: string): string | undefined {
  return missing.find(([pattern]) => pattern.test(architecture))?.[1];
}

/** Heads, epsilon and activation of an architecture; nothing for a name that follows no rule of timm's. */
export function describeArchitecture(architecture: string): Partial<ViTConfig> {
  const size = grammar.exec(architecture)?.[1];
  const numHeads = testModels[architecture] ?? (size === undefined ? undefined : headsOf(architecture, size));
  if (numHeads === undefined) return {};
  return {
    numHeads,
    // Its CLIP models keep OpenAI's epsilon, PyTorch's default, but for those of EVA; so do those of DINOv3.
    normEps:
      (/_clip_/.test(architecture) && !architecture.startsWith('eva')) || /_dinov3|_lingbot|^beit3/.test(architecture)
        ? 1e-5
        : 1e-6,
    act: actOf(architecture),
    ...rotaryOf(architecture),
  };
}

function actOf(architecture: string): ViTConfig['act'] {
  if (architecture.includes('_quickgelu')) return 'quick_gelu';
  return usesTanh(architecture) ? 'gelu_tanh' : 'gelu';
}

/** EVA-02 was pretrained on 16 x 16 patches, to which other grids are scaled. */
function rotaryOf(architecture: string): Partial<ViTConfig> {
  if (/_dinov3|_lingbot/.test(architecture)) return { rope: 'dinov3', posEmbed: 'none' };
  return /^eva02_|_rope_reg\d_gap_/.test(architecture) ? { rope: 'eva', ropeGrid: [16, 16] } : {};
}

function headsOf(architecture: string, size: string): number | undefined {
  if (architecture === 'vit_base_patch16_gap_224') return 16;
  if (/_giant_patch14_.*(dinov2|tipsv2)|_giant_.*_lingbot/.test(architecture)) return 24;
  if (architecture.includes('_plus_') && architecture.includes('_dinov3')) return size === 'small' ? 6 : 20;
  if (architecture.includes('_plus')) return size === 'base' ? 14 : undefined;
  return headsOfSize[size];
}

/** The SigLIP 2 models that are of sizes or patches new to it; the others have timm's settings of the first SigLIP. */
function usesTanh(architecture: string): boolean {
  return (
    /^vit_(base_patch32|giantopt_patch16|so400m_patch16)_siglip_/.test(architecture) ||
    /^vit_large_patch16_siglip_(gap_)?512$/.test(architecture)
  );
}
