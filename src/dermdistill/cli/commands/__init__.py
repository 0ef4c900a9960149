"""What can be typed: one file per command, with its options and its help; imports nothing heavy."""
