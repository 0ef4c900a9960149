"""From a trained network to one file that scores photographs anywhere."""
