"""Tables of labels: what their rows and columns say of images."""
