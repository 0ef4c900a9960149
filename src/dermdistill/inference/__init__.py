"""Everything that scores photographs; imports nothing of PyTorch."""
