r"""LaTeX against formulas as papers print them, and against what Matplotlib can set."""

# ruff: noqa: RUF001  (names in Greek letters are meant)

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from mpmath import mp, mpf
from oracles.formulas import NAMES, Piece, formula_texts, pieces
from oracles.latex_reader import Reader

from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.latex import to_latex
from lambdaml_dsl.language.latex_names import name_to_latex, number_to_latex
from lambdaml_dsl.language.nodes import Binary, Call, Expr, Name, Number, Unary
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import fold


def latex(text: str) -> str:
    equation = parse(Source(text))
    return to_latex(equation)


# ---- as papers print them ----

PAPERS = {
    "Beer and Lambert's law": ("I_0*exp(-mu*d)", r"I_{0}\,e^{-\mu\,d}"),
    "decay with a background": ("y ~ A*exp(-t/tau_1) + c", r"y = A\,e^{-t/\tau_{1}} + c"),
    "Gaussian": (
        "A*exp(-(x - mu)^2/(2*sigma^2))",
        r"A\,\exp\left(-\frac{\left(x - \mu\right)^{2}}{2\,\sigma^{2}}\right)",
    ),
    "normal density": (
        "exp(-theta**2/2)/sqrt(2*pi)",
        r"\frac{e^{-\theta^{2}/2}}{\sqrt{2\,\pi}}",
    ),
    "Lorentzian": (
        "A/pi*gamma/((x - x0)^2 + gamma^2)",
        r"\frac{A\,\gamma}{\pi\,\left(\left(x - x_{0}\right)^{2} + \gamma^{2}\right)}",
    ),
    "logistic growth": ("b1/(1 + exp(b2 - b3*x))", r"\frac{b_{1}}{1 + e^{b_{2} - b_{3}\,x}}"),
    "Richards": (
        "b1/(1 + exp(b2 - b3*x))^(1/b4)",
        r"\frac{b_{1}}{\left(1 + e^{b_{2} - b_{3}\,x}\right)^{1/b_{4}}}",
    ),
    "Gompertz": ("a*exp(-b*exp(-c*t))", r"a\,e^{-b\,e^{-c\,t}}"),
    "Michaelis and Menten": (
        "v = Vmax*S/(K_m + S)",
        r"v = \frac{\mathrm{Vmax}\,S}{K_{m} + S}",
    ),
    "Hill": ("ymax*x^n/(k^n + x^n)", r"\frac{\mathrm{ymax}\,x^{n}}{k^{n} + x^{n}}"),
    "stretched exponential": ("exp(-(t/tau)^beta)", r"\exp\left(-\left(\frac{t}{\tau}\right)^{\beta}\right)"),
    "Arrhenius": ("A*exp(-E_a/(R*T))", r"A\,\exp\left(-\frac{E_{a}}{R\,T}\right)"),
    "Antoine": ("log(p) ~ A - B/(C + T)", r"\ln\left(p\right) = A - \frac{B}{C + T}"),
    "Planck": (
        "2*h*nu^3/c^2/(exp(h*nu/(k_B*T)) - 1)",
        r"\frac{2\,h\,\nu^{3}}{c^{2}\,\left(\exp\left(\frac{h\,\nu}{k_{B}\,T}\right) - 1\right)}",
    ),
    "Planck, by expm1": (
        "2*h*nu^3/c^2/expm1(h*nu/(k_B*T))",
        r"\frac{2\,h\,\nu^{3}}{c^{2}\,\left(\exp\left(\frac{h\,\nu}{k_{B}\,T}\right) - 1\right)}",
    ),
    "Fermi": ("1/(exp((E - mu)/kT) + 1)", r"\frac{1}{\exp\left(\frac{E - \mu}{\mathrm{kT}}\right) + 1}"),
    "thin lens": ("1/(1/d1 + n/d2)", r"\frac{1}{\frac{1}{d_{1}} + \frac{n}{d_{2}}}"),
    "gravitation": (
        "G*m1*m2/((x2-x1)**2 + (y2-y1)**2)",
        r"\frac{G\,m_{1}\,m_{2}}{\left(x_{2} - x_{1}\right)^{2} + \left(y_{2} - y_{1}\right)^{2}}",
    ),
    "kinetic energy": (
        "1/2*m*(v**2 + u**2 + w**2)",
        r"\frac{1}{2}\,m\,\left(v^{2} + u^{2} + w^{2}\right)",
    ),
    "law of cosines": (
        "sqrt(x1**2 + x2**2 - 2*x1*x2*cos(theta1 - theta2))",
        r"\sqrt{x_{1}^{2} + x_{2}^{2} - 2\,x_{1}\,x_{2}\,\cos\left(\theta_{1} - \theta_{2}\right)}",
    ),
    "Lorentz factor": ("m_0*v/sqrt(1 - v**2/c**2)", r"\frac{m_{0}\,v}{\sqrt{1 - \frac{v^{2}}{c^{2}}}}"),
    "Rutherford": (
        "(Z_1*Z_2*alpha*hbar*c/(4*E_n*sin(theta/2)**2))**2",
        r"\left(\frac{Z_{1}\,Z_{2}\,\alpha\,\hbar\,c}{4\,E_{n}\,\sin^{2}\left(\frac{\theta}{2}\right)}\right)^{2}",
    ),
    "gravitational waves": (
        "-32/5*G**4/c**5*(m1*m2)**2*(m1+m2)/r**5",
        r"-\frac{32\,G^{4}\,\left(m_{1}\,m_{2}\right)^{2}\,\left(m_{1} + m_{2}\right)}{5\,c^{5}\,r^{5}}",
    ),
    "quantum of a mode": (
        "(h/(2*pi))*omega/(exp((h/(2*pi))*omega/(k_B*T)) - 1)",
        r"\frac{h\,\omega}{2\,\pi\,\left(\exp\left(\frac{h\,\omega}{2\,\pi\,k_{B}\,T}\right) - 1\right)}",
    ),
    "damped oscillation": (
        "x(t) = a*exp(-λ*t)*cos(ω*t + φ)",
        r"x\left(t\right) = a\,e^{-\lambda\,t}\,\cos\left(\omega\,t + \phi\right)",
    ),
    "magnetisation": (
        "n_rho*mu*tanh(mu*B/(const.k_B*T))",
        r"n_{\rho}\,\mu\,\tanh\left(\frac{\mu\,B}{k_{B}\,T}\right)",
    ),
    "cumulative normal": (
        "0.5*(1 + erf((x - mu)/(sigma*sqrt(2))))",
        r"0.5\,\left(1 + \operatorname{erf}\left(\frac{x - \mu}{\sigma\,\sqrt{2}}\right)\right)",
    ),
    "binding, both partners depleted": (
        "((a + x + K_d) - sqrt((a + x + K_d)^2 - 4*a*x))/2",
        r"\frac{a + x + K_{d} - \sqrt{\left(a + x + K_{d}\right)^{2} - 4\,a\,x}}{2}",
    ),
    "broken line": (
        "where(x < b, k_1*x, k_1*b + k_2*(x - b))",
        r"\begin{cases} k_{1}\,x & \text{if } x < b \\ k_{1}\,b + k_{2}\,\left(x - b\right)"
        r" & \text{otherwise} \end{cases}",
    ),
    "sum of exponentials": (
        "sum(i in 0..2: A[i]*exp(-k[i]*t)) + c",
        r"\sum_{i=0}^{2} A_{i}\,e^{-k_{i}\,t} + c",
    ),
    "network": (
        "sigmoid(W2 @ tanh(W1 @ x + b1) + b2)",
        r"\operatorname{sigmoid}\left(W_{2}\,\tanh\left(W_{1}\,x + b_{1}\right) + b_{2}\right)",
    ),
    "with a local value": (
        "z = (x - mu)/s; y ~ A*exp(-z^2/2)",
        r"y = A\,e^{-z^{2}/2} \quad\text{with } z = \frac{x - \mu}{s}",
    ),
    "with functions of its own": (
        "g(u, s = 1) = exp(-u^2/s); peak(v) = 2*g(v); y ~ A*g(x, w) + peak(x)^2",
        r"y = A\,g\left(x, w\right) + \operatorname{peak}\left(x\right)^{2}"
        r" \quad\text{with } g\left(u, s = 1\right) = e^{-u^{2}/s},"
        r"\quad \operatorname{peak}\left(v\right) = 2\,g\left(v\right)",
    ),
    "two outputs": (
        "[u, v] ~ [a*cos(t), a*sin(t)]",
        r"\begin{pmatrix} u \\ v \end{pmatrix} = "
        r"\begin{pmatrix} a\,\cos\left(t\right) \\ a\,\sin\left(t\right) \end{pmatrix}",
    ),
}


@pytest.mark.parametrize("name", PAPERS)
def test_as_papers_print_it(name: str) -> None:
    text, expected = PAPERS[name]
    assert latex(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Brackets: as many as it takes.
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a + (b - c)", r"a + b - c"),
        ("a*(b*c)", r"a\,b\,c"),
        ("a*(b + c)*d", r"a\,\left(b + c\right)\,d"),
        ("(a*b)^2", r"\left(a\,b\right)^{2}"),
        ("(a^b)^c", r"\left(a^{b}\right)^{c}"),
        ("a^b^c", r"a^{b^{c}}"),
        ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
        ("a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
        ("a/b/c", r"\frac{a}{b\,c}"),
        ("a/b*c", r"\frac{a}{b}\,c"),
        ("a*(b/c)/d", r"\frac{a\,b}{c\,d}"),
        ("1/2*x/y", r"\frac{x}{2\,y}"),
        ("a % b % c", r"\left(a \;\mathrm{mod}\; b\right) \;\mathrm{mod}\; c"),
        ("a*(b % c)", r"a\,\left(b \;\mathrm{mod}\; c\right)"),
        ("W @ (a*b)", r"W\,\left(a\,b\right)"),
        # Signs.
        ("-a^2", r"-a^{2}"),
        ("(-a)^2", r"\left(-a\right)^{2}"),
        ("-(a + b)/c", r"-\frac{a + b}{c}"),
        ("-k*(x - m)/s*t", r"-\frac{k\,\left(x - m\right)}{s}\,t"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("--a", r"-\left(-a\right)"),
        ("+a", "a"),
        ("a + -b", "a - b"),
        ("a - -b", r"a - \left(-b\right)"),
        ("a + (-b + c)", r"a + \left(-b + c\right)"),
        ("a*-b", r"a\,\left(-b\right)"),
        ("x^-2", r"x^{-2}"),
        # Numbers.
        ("2*3*x*4", r"2 \cdot 3\,x \cdot 4"),
        ("2*(1/3)", r"2 \cdot \frac{1}{3}"),
        ("1e-5*x", r"10^{-5}\,x"),
        ("x*1e-5", r"x \cdot 10^{-5}"),
        ("6.022e23*x", r"6.022 \cdot 10^{23}\,x"),
        ("2e-5^x", r"\left(2 \cdot 10^{-5}\right)^{x}"),
        ("1e-5^x", r"\left(10^{-5}\right)^{x}"),
        ("2^x", r"2^{x}"),
        # Exponents: fractions with a slash; brackets in an exponent make it \exp.
        ("x^(a/b*c)", r"x^{\left(a/b\right)\,c}"),
        ("x^(a/(b*c))", r"x^{a/\left(b\,c\right)}"),
        ("x^((a + b)/c)", r"x^{\left(a + b\right)/c}"),
        ("exp(-(a + b))", r"\exp\left(-\left(a + b\right)\right)"),
        ("exp(sin(x/2))", r"\exp\left(\sin\left(\frac{x}{2}\right)\right)"),
        ("exp(x)^2", r"\left(e^{x}\right)^{2}"),
        ("e^-x", r"e^{-x}"),
        # Functions.
        ("sin(x)^2", r"\sin^{2}\left(x\right)"),
        ("sin(x)^-1", r"\left(\sin\left(x\right)\right)^{-1}"),
        ("sin(x)^n", r"\left(\sin\left(x\right)\right)^{n}"),
        ("log10(x)^2", r"\log_{10}^{2}\left(x\right)"),
        ("sqrt(x)^3", r"\left(\sqrt{x}\right)^{3}"),
        ("abs(x - y)^2", r"\left|x - y\right|^{2}"),
        ("gamma(n + 1)", r"\Gamma\left(n + 1\right)"),
        ("gamma(t) = gamma*t", r"\gamma\left(t\right) = \gamma\,t"),
        ("expm1(x)*y", r"\left(e^{x} - 1\right)\,y"),
        ("exp2(x) + log1p(-x)", r"2^{x} + \ln\left(1 - x\right)"),
        ("hypot(x - a, y)", r"\sqrt{\left(x - a\right)^{2} + y^{2}}"),
        ("square(x) + pow(x, y/z)", r"x^{2} + x^{y/z}"),
        ("max(a, b, c)", r"\max\left(a, b, c\right)"),
        ("unknown_one(x)^2", r"\operatorname{unknown\_one}\left(x\right)^{2}"),
        ("f_2(x)", r"f_{2}\left(x\right)"),
        # Logic and choices.
        ("1 < x <= 2 and not x == y", r"1 < x \leq 2 \text{ and } \text{not } x = y"),
        (
            "a != b or (c or d) and e1",
            r"a \neq b \text{ or } \left(c \text{ or } d\right) \text{ and } e_{1}",
        ),
        ("A*(x > 0)", r"A\,\left(x > 0\right)"),
        (
            "1 if x < a else 2 if x < b else 3",
            r"\begin{cases} 1 & \text{if } x < a \\ 2 & \text{if } x < b \\ 3 & \text{otherwise} \end{cases}",
        ),
        (
            "piecewise(x < a, 1, x < b, 2, 3)",
            r"\begin{cases} 1 & \text{if } x < a \\ 2 & \text{if } x < b \\ 3 & \text{otherwise} \end{cases}",
        ),
        (
            "2*where(x < 0, 0, 1)",
            r"2\,\left(\begin{cases} 0 & \text{if } x < 0 \\ 1 & \text{otherwise} \end{cases}\right)",
        ),
        # Vectors.
        (
            "[[1, 2], [3, 4]] @ [a, b]",
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\,\begin{pmatrix} a \\ b \end{pmatrix}",
        ),
        ("[[1, 1], [1, 1]]", r"\begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix}"),
        ("W[1, :] + k[1:] + k[::2] + k_1[-1]", r"W_{1,:} + k_{1:} + k_{::2} + k_{1,-1}"),
        ("softmax(W @ x)[0]", r"\operatorname{softmax}\left(W\,x\right)_{0}"),
        ("(a + b)[0]^2", r"\left(\left(a + b\right)_{0}\right)^{2}"),
        ("norm(u)^2 - dot(u, v)", r"\left\Vert u\right\Vert^{2} - u \cdot v"),
        ("max(v) + sum(v)*c + c*sum(v)", r"\max\left(v\right) + \left(\sum v\right)\,c + c\,\sum v"),
        ("prod(i in 1..n: a[i] + 1)", r"\prod_{i=1}^{n} \left(a_{i} + 1\right)"),
        ("max(i in 0..n - 1: a[i])", r"\max_{0 \leq i \leq n - 1} a_{i}"),
        ("c*sum(i in 0..2: -a[i])*d", r"\left(c\,\sum_{i=0}^{2} \left(-a_{i}\right)\right)\,d"),
    ],
)
def test_details(text: str, expected: str) -> None:
    assert latex(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x"),
        ("x0", "x_{0}"),
        ("alpha", r"\alpha"),
        ("α", r"\alpha"),
        ("Ω", r"\Omega"),
        ("τ2", r"\tau_{2}"),
        ("tau_1", r"\tau_{1}"),
        ("lambda", r"\lambda"),
        ("lam_2", r"\lambda_{2}"),
        ("lambd", r"\lambda"),
        ("hbar", r"\hbar"),
        ("K_m", "K_{m}"),
        ("n_rho", r"n_{\rho}"),
        ("x_inf", r"x_{\infty}"),
        ("T_max", r"T_{\mathrm{max}}"),
        ("Vmax", r"\mathrm{Vmax}"),
        ("Vmax2", r"\mathrm{Vmax}_{2}"),
        ("x1_err", r"x_{1,\mathrm{err}}"),
        ("a_b1", "a_{b_{1}}"),
        ("const.k_B", "k_{B}"),
        ("const.R_inf", r"R_{\infty}"),
        ("größe", r"\mathrm{größe}"),
        ("_", r"\_"),
        ("g_", r"\mathrm{g\_}"),
        ("_x", r"\mathrm{\_x}"),
        ("a__b", r"\mathrm{a\_\_b}"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert name_to_latex(name) == expected


@pytest.mark.parametrize(
    "value", [0.0, 0.1, 3.0, 1e-5, 1.5e-7, 6.022e23, 1e16, 5e-324, 1.7976931348623157e308, 2 / 3]
)
def test_numbers_keep_all_their_digits(value: float) -> None:
    digits, ten = number_to_latex(value)
    assert float((digits or "1") + ten.replace("10^{", "e").rstrip("}")) == value


# ---- what can be set ----


def can_be_set(text: str) -> Any:
    """Set a formula by Matplotlib, which raises ValueError where it cannot be read."""
    return MathTextParser("path").parse(f"${text}$")


def balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0 and text.count(r"\left") == text.count(r"\right")


SET = [text for text, expected in PAPERS.values() if r"\begin" not in expected]


@pytest.mark.parametrize("text", SET)
def test_papers_can_be_set(text: str) -> None:
    can_be_set(latex(text))


READABLE = re.compile(r"[\x00-\x7f\u0370-\u03ff]*")


@settings(max_examples=400)
@given(formula_texts())
def test_generated_formulas_can_be_set(text: str) -> None:
    printed = latex(text)
    assert balanced(printed)
    if r"\begin" not in printed and READABLE.fullmatch(printed):
        can_be_set(printed)


@pytest.mark.parametrize("function", sorted({entry.name for entry in FUNCTIONS.values()} - {"where"}))
def test_every_function_can_be_set(function: str) -> None:
    entry = FUNCTIONS[function]
    call = f"{function}({', '.join(entry.arguments)})"
    for text in (call, f"2*{call}^2/{call} - {call}", f"exp({call}/x)", f"x^{call}"):
        can_be_set(latex(text))


def test_every_greek_letter_has_its_symbol() -> None:
    for code in range(0x370, 0x400):
        letter = chr(code)
        if unicodedata.name(letter, "").startswith(("GREEK SMALL LETTER", "GREEK CAPITAL LETTER")):
            printed = name_to_latex(unicodedata.normalize("NFKC", letter))
            assert printed.startswith("\\") or len(printed) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if READABLE.fullmatch(name)])
def test_every_name_can_be_set(name: str) -> None:
    can_be_set(name_to_latex(name))
    can_be_set(name_to_latex(name, ["1", ":"]))


# ---- the same value, read as papers are read ----

VALUES = {
    "a": "0.7",
    "b": "-1.3",
    "x0": "2.1",
    "tau_1": "0.4",
    "lam_2": "1.9",
    "Vmax": "-0.6",
    "α": "1.2",
    "K_m": "0.3",
}
CALLS = {
    "exp": 1,
    "sin": 1,
    "sqrt": 1,
    "log": 1,
    "abs": 1,
    "max": 2,
    "f": 1,
    "expm1": 1,
    "hypot": 2,
    "square": 1,
}
MEANINGS = {
    "exp": mp.exp,
    "sin": mp.sin,
    "sqrt": mp.sqrt,
    "log": mp.log,
    "abs": abs,
    "max": lambda x, y: max(x, y, key=lambda value: value.real),
    "f": lambda x: 3 * x + 1,
    "expm1": lambda x: mp.exp(x) - 1,
    "hypot": lambda x, y: mp.sqrt(x**2 + y**2),
    "square": lambda x: x**2,
}
SMOOTH = pieces(
    [*VALUES, "e"],
    ["1", "2", "3", "0.5", "1e-2", "2.5e3"],
    CALLS,
    arithmetic=("+", "-", "*", "/", "^"),
    signs=("-", "+"),
    logic=False,
    max_leaves=14,
)


def value_of(tree: Expr) -> Any:
    def combine(node: Expr, below: tuple[Any, ...]) -> Any:
        match node:
            case Number(value):
                return mpf(repr(value))
            case Name(name):
                return mp.e if name == "e" else mpf(VALUES[name])
            case Unary("-"):
                return -below[0]
            case Unary("+"):
                return below[0]
            case Binary("+"):
                return below[0] + below[1]
            case Binary("-"):
                return below[0] - below[1]
            case Binary("*"):
                return below[0] * below[1]
            case Binary("/"):
                return below[0] / below[1]
            case Binary("**"):
                if abs(below[1]) > 50:
                    raise OverflowError
                return below[0] ** below[1]
            case Call(function):
                if function == "exp" and abs(below[0]) > 1000:
                    raise OverflowError
                return MEANINGS[function](*below)
        raise AssertionError(node)

    return fold(tree, combine)


EXPONENTS = pieces(
    [*VALUES, "e"],
    ["2", "0.5"],
    {"abs": 1},
    arithmetic=("*", "/", "/", "+"),
    signs=("-",),
    logic=False,
    max_leaves=6,
)


@settings(max_examples=3000)
@given(SMOOTH)
def test_what_is_printed_has_the_value_of_the_formula(piece: Piece) -> None:
    check_value(" ".join(piece.tokens))


@settings(max_examples=1000)
@given(EXPONENTS, st.sampled_from(["a^({})", "x0^(({})/a)", "exp({})", "exp(-({}))^2", "exp(a^({}))"]))
def test_exponents_have_the_value_of_the_formula(piece: Piece, context: str) -> None:
    check_value(context.format(" ".join(piece.tokens)))


def check_value(text: str) -> None:
    tree = parse(Source(text)).right
    with mp.workdps(60):
        names = {name_to_latex(name): mpf(value) for name, value in VALUES.items()} | {"e": mp.e}
        try:
            expected = value_of(tree)
            # What is nearly 0 or infinite may be a difference of equals: nothing but rounding.
            if not mp.isfinite(expected) or not 1e-30 < abs(expected) < 1e30:
                return
        except (ZeroDivisionError, OverflowError, ValueError):
            return
        got = Reader(to_latex(tree), names).value()
        assert abs(got - expected) <= mpf(10) ** -25 * abs(expected), to_latex(tree)


def test_large_formulas_are_printed() -> None:
    for text in (
        " + ".join(["a*x"] * 20_000),
        "/".join(["a"] * 5000),
        "-" * 5000 + "x",
        "x" + "^x" * 5000,
    ):
        assert balanced(latex(text))
