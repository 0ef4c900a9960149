"""Distil a large network into a small melanoma classifier, and prove honestly how good it is."""

from importlib.metadata import version

__version__ = version("dermdistill")
