"""What a benchmark gives: a table, as text and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Figures with their titles.

    Attributes
    ----------
    subject : str
        What was measured.
    method : str
        How.
    titles : tuple of str
        Names of the columns.
    rows : tuple of tuple of str
        The figures.
    """

    subject: str
    method: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """Lay it out for the screen."""
        table = (self.titles, *self.rows)
        widths = [max(len(row[column]) for row in table) for column in range(len(self.titles))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table
        ]
        return "\n".join([self.subject, *(f"  {line.rstrip()}" for line in lines)])

    def markdown(self) -> str:
        """Write it as a section of a page."""
        lines = [" | ".join(row) for row in (self.titles, ("---",) * len(self.titles), *self.rows)]
        return "\n".join([f"## {self.subject}", "", self.method, "", *(f"| {line} |" for line in lines)])
