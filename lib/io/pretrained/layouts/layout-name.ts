/** The library, or release, whose names and conventions a checkpoint follows; ours has timm's. */
export type LayoutName = 'vitrine' | 'timm' | 'torchvision' | 'hf' | 'google' | 'openai' | 'meta' | 'microsoft';
