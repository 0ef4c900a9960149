"""Decoders for untrusted files: bounded in time and memory, quiet, safe in threads."""
