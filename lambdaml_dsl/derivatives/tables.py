"""Small tables of text for reports of derivatives."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows of texts, titles first: names and what has no title to the left, numbers to the right.

    Examples
    --------
    >>> aligned([("name", "value"), ("a", "12.5"), ("tau", "3")])
    ['name  value', 'a      12.5', 'tau       3']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                cell.rjust(width) if place and title else cell.ljust(width)
                for place, (cell, width, title) in enumerate(zip(row, widths, rows[0], strict=True))
            ]
        ).rstrip()
        for row in rows
    ]
