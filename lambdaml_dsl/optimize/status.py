"""How an optimisation ended: each way with its cause and the way out."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """How a fit ended.

    Attributes
    ----------
    cause : str
        What happened.
    remedy : str
        What to do about it; empty where nothing need be done.
    converged : bool
        Whether the end is a minimum.
    finished : bool
        Whether the optimiser came to an end by itself.

    Examples
    --------
    >>> Status.CONVERGED.converged
    True
    """

    CONVERGED = (
        "converged",
        "no step makes the residuals smaller",
        "",
        True,
        True,
    )
    AT_BOUND = (
        "converged at a bound",
        "no step within the bounds makes the residuals smaller, and a bound holds a parameter",
        "If the bound is not a fact of nature, widen it.",
        True,
        True,
    )
    NO_INFLUENCE = (
        "without influence",
        "at these values the data do not tell where a parameter is, though elsewhere they would",
        "Give a start value nearer to the solution, or bounds.",
        False,
        True,
    )
    STALLED = (
        "stalled",
        "no further progress was made, though the end is not a minimum",
        'Try other start values, bounds that keep the model finite, or optimizer="trf".',
        False,
        True,
    )
    BUDGET = (
        "out of evaluations",
        "the limit of evaluations was reached before a minimum",
        "Give better start values, or raise max_evaluations.",
        False,
        False,
    )
    NOT_FINITE = (
        "not finite",
        "the derivatives of the model became infinite or NaN on the way",
        "Give bounds that keep the model away from that region, or other start values.",
        False,
        False,
    )
    INTERRUPTED = (
        "interrupted",
        "the fit was interrupted; the values are the best so far",
        "Run it again, with these values as start.",
        False,
        False,
    )

    def __init__(self, label: str, cause: str, remedy: str, converged: bool, finished: bool) -> None:
        self.label = label
        self.cause = cause
        self.remedy = remedy
        self.converged = converged
        self.finished = finished
