import type { ViTConfig } from '../../../nn/vit/config.js';

// What the names of timm's architectures tell that their weights do not. Source: timm 1.0.29, vision_transformer.py,
// vision_transformer_hybrid.py, deit.py, eva.py; test/golden/timm-architectures.json has every name with what timm
// builds for it.

/** Parts of architectures that have no counterpart here, by patterns of names; the first that fits counts. */
const missing: readonly (readonly [RegExp, string])[] = [
  [/_dinov3|_lingbot$|_rope_|_pe_(core|lang|spatial)_|^eva02_(tiny|small|base|large)_/, 'rotary position embeddings'],
  [/^eva02_enormous_/, 'post-norm blocks'],
  [/^eva_giant_/, 'biases of queries and values without one of keys'],
  [/^beit3_/, 'norms inside attention and MLP (scale_attn_norm, scale_mlp_norm)'],
  [/^samvit_/, "SAM's windowed attention with relative positions"],
  [/^beit(v2)?_|^vit_s?relpos_/, 'relative position bias'],
  [/^naflexvit_/, "NaFlex's patch embedding"],
  [/^aimv2_|_giant_patch14_(reg\d_)?(dinov2|tipsv2)/, 'SwiGLU'],
  [/_quickgelu/, 'QuickGELU as activation'],
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
  giant: 16,
  giantopt: 16,
  gigantic: 16,
};

const stem = String.raw`_patch\d+|_r\d*_s\d+(?:_p\d+)?`;
const kinds = '_36x1|_miil|_plus|_reg\\d|_clip|_siglip|_gap|_map|_dinov2|_tipsv2';
const grammar = new RegExp(
  `^(?:vit|flexivit|deit3?|eva)_([a-z]+\\d*m?\\d?)(?:_distilled)?(?:${stem})?(?:${kinds}|_\\d+)*$`,
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
    // Its CLIP models keep OpenAI's epsilon, PyTorch's default.
    normEps: architecture.includes('_clip_') ? 1e-5 : 1e-6,
    act: usesTanh(architecture) ? 'gelu_tanh' : 'gelu',
  };
}

function headsOf(architecture: string, size: string): number | undefined {
  if (architecture === 'vit_base_patch16_gap_224') return 16;
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
