"""PyTorch's counterpart of contenders/feed-step.ts: DataLoader with torchvision's transforms, in two processes."""

import itertools

import torch
import torch.nn.functional as F
import torch_model

WORKERS = 2


def _endless(loader):
    while True:
        yield from loader


def feed(work, autocast):
    from timm.data import Mixup
    from torchvision import datasets, transforms as T

    sizes, batch = work["model"], work["batch"]
    side, channels, classes = sizes["imgSize"], sizes["inChans"], sizes["numClasses"]
    steps = [T.RandomResizedCrop(side), T.RandomHorizontalFlip()]
    steps += [T.RandAugment(2, 9)] if work["strong"] else [T.ColorJitter(0.4, 0.4, 0.4)]
    steps += [T.Grayscale()] if channels == 1 else []
    steps += [T.ToTensor(), T.Normalize([0.5] * channels, [0.5] * channels)]
    images = datasets.ImageFolder(work["folder"], T.Compose(steps))
    loader = torch.utils.data.DataLoader(
        images, batch, shuffle=True, drop_last=True, num_workers=WORKERS, persistent_workers=True
    )
    mixup = Mixup(mixup_alpha=0.8, label_smoothing=0, num_classes=classes) if work["strong"] else None
    batches = _endless(loader)
    if work["cached"]:  # the files are in the system's cache then; images are decoded anew
        for _ in itertools.islice(batches, len(loader)):
            pass
    model = torch_model.model(sizes).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    def step():
        x, y = next(batches)
        if mixup is not None:
            x, y = mixup(x, y)
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()

    return step
