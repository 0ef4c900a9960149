"""Dermlet: the student that this project ships."""

from torch import Tensor, nn


class Dermlet(nn.Sequential):
    """A small residual network for images of any size; made for one CPU thread.

    Dense 3x3 convolutions where the channels are few and the pixels many, inverted residuals (Sandler et
    al. 2018, arXiv:1801.04381) with 5x5 depthwise convolutions where it is the other way round; then the mean
    over all pixels and one small dense layer. ReLU only, and a batch norm after every convolution, so that
    batch norms fold into the convolutions and 8-bit integers serve well.

    Input ``(N, 3, H, W)``, output logits ``(N, classes)``. The side of the feature maps falls to a sixteenth;
    at 128 px every output sees the whole image.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            _convolution(3, 16, stride=2),
            _convolution(16, 32, stride=2),
            _Residual(32),
            _convolution(32, 48, stride=2),
            _Residual(48),
            _InvertedResidual(48, 80, expansion=4, stride=2),
            _InvertedResidual(80, 80, expansion=4),
            _InvertedResidual(80, 80, expansion=3),
            _convolution(80, 160, kernel=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(160, classes),
        )


class _Residual(nn.Module):
    """Two dense 3x3 convolutions beside the identity (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            _convolution(channels, channels), _convolution(channels, channels, activate=False)
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(N, C, H, W)`` to features of the same shape."""
        result: Tensor = self.activation(features + self.change(features))
        return result


class _InvertedResidual(nn.Module):
    """Widen, filter each channel by 5x5, narrow without activation; beside the identity if shapes allow."""

    def __init__(self, channels: int, out: int, *, expansion: int, stride: int = 1) -> None:
        super().__init__()
        wide = channels * expansion
        self.change = nn.Sequential(
            _convolution(channels, wide, kernel=1),
            _convolution(wide, wide, kernel=5, stride=stride, groups=wide),
            _convolution(wide, out, kernel=1, activate=False),
        )
        self.keeps_shape = stride == 1 and channels == out

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(N, channels, H, W)`` to ``(N, out, H / stride, W / stride)``."""
        change: Tensor = self.change(features)
        return features + change if self.keeps_shape else change


def _convolution(
    channels: int, out: int, *, kernel: int = 3, stride: int = 1, groups: int = 1, activate: bool = True
) -> nn.Sequential:
    """Convolution that keeps the side (or divides it by ``stride``), batch norm, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if activate else []))
