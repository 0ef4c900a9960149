"""Dermlet: the student that this project ships."""

from torch import Tensor, nn

_DROPOUT = 0.1


class Dermlet(nn.Module):
    """The first half of EfficientNet-Lite0, a mean over all pixels and one small dense layer.

    Inverted residuals (Sandler et al. 2018, arXiv:1801.04381) down to a sixteenth of the image's side. A few
    thousand images teach first filters badly; the beginning of a known network can start from filters that
    have seen ImageNet. ReLU6, and a batch norm after every convolution and before the dense layer, so that
    all batch norms fold away and 8-bit integers serve well.

    Input ``(N, 3, H, W)``, output logits ``(N, classes)``; 254,711 parameters with seven classes.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(3, 32, stride=2),
            *_separable(32, 16),
            _InvertedResidual(16, 24, stride=2),
            _InvertedResidual(24, 24),
            _InvertedResidual(24, 40, kernel=5, stride=2),
            _InvertedResidual(40, 40, kernel=5),
            _InvertedResidual(40, 80, stride=2),
            _InvertedResidual(80, 80),
            _InvertedResidual(80, 80),
        )
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.BatchNorm1d(80),
            nn.Dropout(_DROPOUT),
            nn.Linear(80, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(N, classes)`` of normalised images ``(N, 3, H, W)``."""
        logits: Tensor = self.head(self.features(images))
        return logits

    def start_from(self, lite0: dict[str, Tensor]) -> None:
        """Take the features' first values from the beginning of an EfficientNet-Lite0.

        Args:
            lite0: its tensors in the order of computation, as in timm's ``tf_efficientnet_lite0``. Padding is
                symmetric here, so a stride of 2 samples one pixel beside theirs; training makes up for that.
        """
        own = self.features.state_dict()
        self.features.load_state_dict(dict(zip(own, lite0.values(), strict=False)))


class _InvertedResidual(nn.Module):
    """Widen six-fold, filter each channel, narrow without activation; beside the identity if shapes allow."""

    def __init__(self, channels: int, out: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        wide = 6 * channels
        self.change = nn.Sequential(
            *_convolution(channels, wide, kernel=1), *_separable(wide, out, kernel=kernel, stride=stride)
        )
        self.keeps_shape = stride == 1 and channels == out

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(N, channels, H, W)`` to ``(N, out, H / stride, W / stride)``, rounded up."""
        change: Tensor = self.change(features)
        return features + change if self.keeps_shape else change


def _separable(channels: int, out: int, *, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    """Filter each channel on its own, then mix the channels without activation."""
    mixing = _convolution(channels, out, kernel=1)[:-1]
    return [*_convolution(channels, channels, kernel=kernel, stride=stride, groups=channels), *mixing]


def _convolution(
    channels: int, out: int, *, kernel: int = 3, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Convolution that keeps the side (or divides it by ``stride``), batch norm, ReLU6."""
    return [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out, eps=1e-3),
        nn.ReLU6(inplace=True),
    ]
