"""Fits a trained model to the photographs of one place: its last step, its probabilities, its threshold."""
