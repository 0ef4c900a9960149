"""What models cost: size, memory and speed, as ratios measured in one run.

``measure.benchmark`` is the whole of it: ``subjects`` makes the files to measure, ``worker`` is the process
that scores with one of them, ``race`` takes the times in turns, ``ratios`` sums them up, ``disk`` times whole
commands.
"""
