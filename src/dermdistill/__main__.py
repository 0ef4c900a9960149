"""``python -m dermdistill``."""

from dermdistill.cli import main

# Processes that decode images import this module again, under another name.
if __name__ == "__main__":
    main()
