"""Decoders for files that nobody vouches for: bounded in time and memory, quiet, safe in threads."""
