"""What a network costs: parameters and multiply-accumulates."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def macs(network: nn.Module, size: int) -> int:
    """Multiply-accumulates of convolutions and dense layers for one image of ``size`` pixels."""
    training = network.training
    device = next(network.parameters()).device
    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, size, size, device=device))
    network.train(training)
    return int(counter.get_total_flops()) // 2
