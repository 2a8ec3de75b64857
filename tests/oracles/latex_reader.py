r"""A reader of LaTeX: computes what a printed formula says, by the conventions of papers.

Products by ``\,`` and ``\cdot`` bind more tightly than sums; behind a slash stands one factor, and no product
goes on after it, for there papers disagree. It knows nothing of the printer or of the language's tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mpmath import mp, mpf

TOKEN = re.compile(r"\\[A-Za-z]+|\\[,_]|\d+\.?\d*|[A-Za-z]|[-+/^_{}(),|=]")

FUNCTIONS: Mapping[str, Callable[..., mpf]] = {
    r"\sin": mp.sin,
    r"\exp": mp.exp,
    r"\ln": mp.log,
    r"\max": lambda *values: max(values, key=lambda value: value.real),
    "f": lambda x: 3 * x + 1,
}


class Reader:
    """Reads one text; `names` gives a number for each name as it is printed."""

    def __init__(self, text: str, names: Mapping[str, mpf]) -> None:
        self.tokens = [match.group() for match in TOKEN.finditer(text)]
        assert "".join(self.tokens) == text.replace(" ", ""), "there is text that is not known"
        self.names = names
        self.at = 0

    def value(self) -> mpf:
        result = self.sum()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return result

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def found(self, *tokens: str) -> bool:
        """Pass over some tokens if they come next."""
        come = self.tokens[self.at : self.at + len(tokens)] == list(tokens)
        self.at += len(tokens) if come else 0
        return come

    def expect(self, *tokens: str) -> None:
        assert self.found(*tokens), (tokens, self.tokens[self.at :])

    def sum(self) -> mpf:
        result = -self.product() if self.found("-") else self.product()
        while True:
            if self.found("+"):
                result += self.product()
            elif self.found("-"):
                result -= self.product()
            else:
                return result

    def product(self) -> mpf:
        result = self.factor()
        while self.found(r"\,") or self.found(r"\cdot"):
            result *= self.factor()
        if self.found("/"):
            result /= self.factor()
            assert self.tokens[self.at : self.at + 1] not in (["/"], [r"\,"], [r"\cdot"]), "a/b c"
        return result

    def factor(self) -> mpf:
        base = self.atom()
        if self.found("^"):
            base = base ** self.group()
            assert not self.found("^"), "two exponents"
        return base

    def group(self) -> mpf:
        self.expect("{")
        result = self.sum()
        self.expect("}")
        return result

    def raw(self) -> str:
        """Give a group as it is written."""
        self.expect("{")
        start, depth = self.at, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next(), 0)
        return "".join(self.tokens[start : self.at - 1])

    def atom(self) -> mpf:
        token = self.next()
        if token[0].isdigit():
            return mpf(token)
        if token == r"\frac":
            top = self.group()
            return top / self.group()
        if token == r"\sqrt":
            return mp.sqrt(self.group())
        if token == r"\left":
            closing = {"(": ")", "|": "|"}[self.next()]
            result = self.sum()
            self.expect(r"\right", closing)
            return abs(result) if closing == "|" else result
        if token in (r"\mathrm", r"\operatorname"):
            token += f"{{{self.raw()}}}"
        if token in FUNCTIONS:
            exponent = self.group() if self.found("^") else 1
            self.expect(r"\left", "(")
            arguments = [self.sum()]
            while self.found(","):
                arguments.append(self.sum())
            self.expect(r"\right", ")")
            return FUNCTIONS[token](*arguments) ** exponent
        if self.found("_"):
            token += f"_{{{self.raw()}}}"
        return self.names[token]
