"""DSNet, the paper's student (arXiv:2210.08086)."""

from torch import Tensor, nn


class DSNet(nn.Sequential):
    """Three unpadded 3x3 convolutions with two max pools, then one dense layer.

    Input ``(N, 3, size, size)``, output logits ``(N, classes)``. At 224 px and two classes it has the paper's
    268,898 parameters, 173,058 of them in the dense layer. Initial values are Keras' (Glorot uniform, zero
    biases), as in the authors' code.

    Raises:
        ValueError: ``size`` is below 18, where nothing is left after the last convolution.
    """

    def __init__(self, size: int = 224, classes: int = 2) -> None:
        side = ((size - 2) // 2 - 2) // 2 - 2
        if side < 1:
            raise ValueError(f"DSNet needs images of at least 18 px, not {size}")
        super().__init__(
            nn.Conv2d(3, 128, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(128, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 32, 3),
            nn.ReLU(),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(32 * side * side, classes),
        )
        for layer in self:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(_bias(layer))


def _bias(layer: nn.Conv2d | nn.Linear) -> Tensor:
    assert layer.bias is not None
    return layer.bias
