"""Procedural dermoscopy, numpy only.

image.py       a picture as an ImageSource; says what is drawn in which order
criteria.py    what makes a melanoma differ from a nevus, and how hard that is to see
canvas.py      pixel grid, viewpoint, random fields, stamps
tissue.py      pigments and the colour they give (Beer-Lambert)
skin.py        skin of the six Fitzpatrick types
lesion.py      outline, border and body
structures.py  pigment network, globules, streaks, blotches
dermis.py      blue-white veil, regression, vessels
nuisance.py    hair, ruler, bubbles, light, blur: no label
"""
