"""The job of ``dermdistill predict`` as a user would write it: EfficientNet-B0 of timm in PyTorch eager."""

import time
from pathlib import Path

import timm
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

_BATCH = 32


class _Files(Dataset[torch.Tensor]):
    """Images as tensors ``(3, 224, 224)``."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self._transform = transforms.Compose(
            [
                transforms.Resize((224, 224)),
                transforms.ToTensor(),
                transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> torch.Tensor:
        pixels: torch.Tensor = self._transform(Image.open(self._files[index]).convert("RGB"))
        return pixels


def score(files: list[Path]) -> tuple[int, float]:
    """Score all files; returns how many came after the first batch, and the seconds that they took."""
    model = timm.create_model("efficientnet_b0", pretrained=False, num_classes=2).eval()
    begin, count = 0.0, 0
    with torch.inference_mode():
        for batch in DataLoader(_Files(files), batch_size=_BATCH, num_workers=2):
            model(batch).softmax(dim=1)
            if begin:
                count += len(batch)
            else:
                begin = time.perf_counter()
    return count, time.perf_counter() - begin
