"""Batch norm and dropout of a batch whose images lie in several processes, as if they lay in one.

PyTorch's own SyncBatchNorm works on GPUs alone, and replaces modules, of which other libraries have kinds of
their own. Here calls of ``batch_norm`` and ``dropout`` are intercepted, whatever module makes them.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dermdistill.data.draws import Part


class WholeBatch(TorchFunctionMode):
    """While it is entered, layers in training see the whole batch, of which this process has a part.

    Every process must pass its part through the same network. The generator of dropout must be seeded alike.
    """

    def __init__(self, images: int, part: Part) -> None:
        super().__init__()
        self._images = images
        self._part = part

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Called by PyTorch in place of each of its functions."""
        if function is F.batch_norm:
            return self._batch_norm(*args, **(kwargs or {}))
        if function is F.dropout:
            return self._dropout(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _batch_norm(
        self,
        input: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """As ``torch.nn.functional.batch_norm``, with mean and variance over the whole batch."""
        if not training:
            return F.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
        count, mean, variance = _statistics(input.detach().float(), self._images / len(input))
        if running_mean is not None and running_var is not None:
            with torch.no_grad():
                running_mean.lerp_(mean.to(running_mean.dtype), momentum)
                unbiased = variance * (count / max(count - 1, 1))
                running_var.lerp_(unbiased.to(running_var.dtype), momentum)
        normalised: Tensor = _Normalise.apply(input, mean, (variance + eps).rsqrt(), count)
        shape = (1, -1, *([1] * (input.dim() - 2)))
        if weight is not None:
            normalised = normalised * weight.view(shape)
        return normalised if bias is None else normalised + bias.view(shape)

    def _dropout(self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        """As ``torch.nn.functional.dropout``, with the mask that the whole batch would have."""
        if not training:
            return input
        ones = torch.ones((self._images, *input.shape[1:]), dtype=input.dtype, device=input.device)
        mask = F.dropout(ones, p, training=True)[self._part.of(self._images)]
        return input.mul_(mask) if inplace else input * mask


def _statistics(input: Tensor, share: float) -> tuple[float, Tensor, Tensor]:
    """Number of values a channel over all processes, and their mean and (biased) variance ``(C,)``.

    In two passes: the mean of squares less the square of the mean would lose digits.

    Args:
        input: of this process, ``(N, C, ...)``.
        share: images of the whole batch for each of this process.
    """
    dimensions = [i for i in range(input.dim()) if i != 1]
    count = input.numel() / input.shape[1] * share
    mean = input.sum(dimensions) / count
    dist.all_reduce(mean)
    shape = (1, -1, *([1] * (input.dim() - 2)))
    variance = (input - mean.view(shape)).square().sum(dimensions) / count
    dist.all_reduce(variance)
    return count, mean, variance


class _Normalise(torch.autograd.Function):
    """``(x - mean) / deviation`` whose gradient knows that mean and deviation are of all processes.

    Ioffe and Szegedy 2015, section 3, with the sums over all processes.
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, mean: Tensor, inverse: Tensor, count: float) -> Tensor:
        shape = (1, -1, *([1] * (input.dim() - 2)))
        normalised = ((input.float() - mean.view(shape)) * inverse.view(shape)).to(input.dtype)
        ctx.save_for_backward(normalised, inverse)
        ctx.count = count
        return normalised

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        normalised, inverse = ctx.saved_tensors
        gradient, normalised = gradients[0].float(), normalised.float()
        dimensions = [i for i in range(normalised.dim()) if i != 1]
        shape = (1, -1, *([1] * (normalised.dim() - 2)))
        sums = torch.stack([gradient.sum(dimensions), (gradient * normalised).sum(dimensions)]) / ctx.count
        dist.all_reduce(sums)
        own = gradient - sums[0].view(shape) - normalised * sums[1].view(shape)
        return (own * inverse.view(shape)).to(gradients[0].dtype), None, None, None
