"""A threshold with a promise: with 95 % confidence, the sensitivity is at least so much.

**The argument.** Take a score that was fixed without looking at m melanomas, which are an independent sample
of the melanomas that the score will meet. Let the threshold be the r-th lowest of their scores. A new
melanoma falls below it with a probability that is distributed as the r-th smallest of m uniform numbers, or
smaller where scores are equal. So the sensitivity is below s with a probability of at most

    P(Binomial(m, 1 - s) <= r - 1)                                        (Wilks 1941)

and the largest r for which that is at most 5 % is taken. The same r comes out of testing every threshold from
the lowest up, "the sensitivity here is below s", with the exact binomial test, until one is not rejected
(fixed-sequence testing; Angelopoulos et al. 2022, "Learn then test"). Where ``s ** m`` is above 5 % there is
no such r: m is too small, and nothing is promised.

**What breaks it.** A last step fitted to the same melanomas ranks them higher than new ones, and the
threshold comes out too high. So does choosing between last steps by how well they rank them. Therefore
melanomas are divided by chance into those that teach (choose and fit the last step) and those that set the
threshold, which take no part in either (``roles``). Given the melanomas that teach, the last step is a fixed
score, and the argument holds as it stands; nothing is lost to several tests. Lesions other than melanoma
never enter the argument, so all of them teach. Where the last step stays as it is whatever the melanomas say,
none is needed to teach, and all of them set the threshold. Whether they are enough to teach is decided by
their number alone. The calibration rises with the score: it moves the threshold and every score alike, so it
may be fitted to all photographs.

**Independent** are patients, where they are known, else lesions: one photograph of each, drawn by chance,
counts. The promise is for photographs like these: of the same place, people, camera and way of choosing.
"""

import math

from dermdistill.evaluation.binomial import CONFIDENCE, at_most


def allowed_misses(melanomas: int, sensitivity: float) -> int | None:
    """How many of the melanomas that set a threshold may lie below it; None where nothing can be promised.

    Args:
        melanomas: independent ones.
        sensitivity: to be promised, strictly between 0 and 1.
    """
    misses = 0
    while at_most(misses, melanomas, 1 - sensitivity) <= 1 - CONFIDENCE:
        misses += 1
    return misses - 1 if misses else None


def melanomas_needed(sensitivity: float) -> int:
    """The fewest melanomas with which a sensitivity can be promised at all."""
    needed = max(1, math.ceil(math.log(1 - CONFIDENCE) / math.log(sensitivity)))
    # A logarithm may be off by its last digit where the quotient is whole.
    return needed if allowed_misses(needed, sensitivity) is not None else needed + 1


def fewest_with(misses: int, sensitivity: float) -> int:
    """The fewest melanomas of which so many may lie below the threshold."""
    melanomas = melanomas_needed(sensitivity)
    while (allowed_misses(melanomas, sensitivity) or 0) < misses:
        melanomas += 1
    return melanomas


def most_promised(melanomas: int) -> float:
    """The highest sensitivity that so many independent melanomas can promise, in [0, 1)."""
    return float((1 - CONFIDENCE) ** (1 / melanomas)) if melanomas else 0.0
