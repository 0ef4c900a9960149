"""The page of `dermdistill compare`: many networks, objectives and settings, a row each."""
