"""What is pasted from a paper: signs, powers, roots, Greek letters, and names that look alike."""
# ruff: noqa: RUF001  (the characters that are easily taken for others are the subject here)

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.formulas import SEEDS, pieces, set_as_text
from oracles.python_parser import python_tree

from lambdaml_dsl.errors import FormulaSyntaxError
from lambdaml_dsl.language.lookalike import LIKE_LATIN, confusable, normal_form, skeleton
from lambdaml_dsl.language.nodes import Call, Expr, Name, Number, Unary, children
from lambdaml_dsl.language.parse import parse, parse_model_file
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk


def tree(text: str) -> Expr:
    return parse(Source(text)).right


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        # Signs.
        ("a·b", "a*b"),
        ("a\u0387b", "a*b"),
        ("a × b", "a*b"),
        ("a∙b⋅c∗d", "a*b*c*d"),
        ("a ÷ b", "a/b"),
        ("a − b", "a - b"),
        ("−x^−2", "-x^-2"),
        ("a ≤ b", "a <= b"),
        ("a ≥ b > c", "a >= b > c"),
        ("a ≠ b", "a != b"),
        ("a·b⁻¹·c", "a*b^(-1)*c"),
        # Powers.
        ("x²", "x^2"),
        ("x¹⁰", "x^10"),
        ("x⁻¹", "x^-1"),
        ("x⁺⁰¹²³⁴", "x^+1234"),
        ("s⁻¹⁰ + x⁵⁶⁷⁸⁹", "s^-10 + x^56789"),
        ("-x²", "-(x^2)"),
        ("−x⁻²", "-(x^(-2))"),
        ("2^x²", "2^(x^2)"),
        ("(a + b)²", "(a + b)^2"),
        ("sin(x)²", "sin(x)^2"),
        ("k[0]²", "k[0]^2"),
        ("[a, b]²", "[a, b]^2"),
        ("x₁²", "x1^2"),
        ("10⁻³*x", "10^-3*x"),
        ("x ² + 1", "x^2 + 1"),
        ("a*x²/b³", "a*x^2/b^3"),
        # Roots.
        ("√x", "sqrt(x)"),
        ("√(a + b)", "sqrt(a + b)"),
        ("√x²", "sqrt(x)^2"),
        ("√x^2", "sqrt(x)^2"),
        ("-√x", "-sqrt(x)"),
        ("2*√x*y", "2*sqrt(x)*y"),
        ("√√x", "sqrt(sqrt(x))"),
        ("√ 2", "sqrt(2)"),
        ("∛x/√2", "cbrt(x)/sqrt(2)"),
        ("√exp(x)", "sqrt(exp(x))"),
        ("√k[0]", "sqrt(k[0])"),
        ("√[a, b]", "sqrt([a, b])"),
        # Letters.
        ("π·r²", "π*r^2"),
        ("λ*exp(−λ·t)", "λ*exp(-λ*t)"),
        ("A·exp(−(x − μ)²⁄1)".replace("⁄", "/"), "A*exp(-(x - μ)^2/1)"),
        # A Planck spectrum as typeset.
        ("2·h·ν³ ÷ c² × 1/(exp(h·ν/(k·T)) − 1)", "2*h*ν^3/c^2*1/(exp(h*ν/(k*T)) - 1)"),
    ],
)
def test_pasted_text_is_read_as_the_plain_one(pasted: str, plain: str) -> None:
    assert tree(pasted) == tree(plain)
    assert tree(to_text(tree(pasted))) == tree(plain)


def test_pi_is_a_name() -> None:
    assert tree("π") == Name("π")
    assert tree("ϖ") == Name("π")


def test_the_spans_are_those_of_the_text_as_typed() -> None:
    text = "√x₁·y⁻² ≤ 変数 − µ²"
    places = [(text[slice(*node.span)], type(node).__name__) for node in walk(tree(text))]
    assert places == [
        ("√x₁·y⁻² ≤ 変数 − µ²", "Compare"),
        ("√x₁·y⁻²", "Binary"),
        ("√x₁", "Call"),
        ("x₁", "Name"),
        ("y⁻²", "Binary"),
        ("y", "Name"),
        ("⁻²", "Unary"),
        ("²", "Number"),
        ("変数 − µ²", "Binary"),
        ("変数", "Name"),
        ("µ²", "Binary"),
        ("µ", "Name"),
        ("²", "Number"),
    ]
    root = tree("2*√x").right  # type: ignore[union-attr]
    assert isinstance(root, Call)
    assert root.name_span == (2, 3)


SIGNS = {"*": "·×∙⋅∗", "/": "÷", "-": "−–‐", "<=": "≤", ">=": "≥", "!=": "≠"}


def pasted(tokens: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """Replace the plain signs of a formula by those of a paper, in some places."""
    changed = list(tokens)
    for at, token in enumerate(tokens):
        if token in SIGNS and (seed >> (at % 16)) & 1:
            changed[at] = SIGNS[token][(seed + at) % len(SIGNS[token])]
    return tuple(changed)


@settings(max_examples=400)
@given(pieces(["a", "x1", "τ"], ["1", "2.5"], {"exp": 1, "max": 2}), SEEDS)
def test_pasted_signs_mean_what_the_plain_ones_do(piece, seed: int) -> None:  # type: ignore[no-untyped-def]
    text = set_as_text(pasted(piece.tokens, seed), seed)
    read = tree(text)
    assert read == python_tree(" ".join(piece.tokens))
    for node in walk(read):
        at = node.span.start
        for child in children(node):
            assert at <= child.span.start
            at = child.span.end
        assert at <= node.span.end <= len(text)


@given(st.integers(0, 10**18), st.sampled_from(["", "⁺", "⁻"]))
def test_raised_numbers(value: int, sign: str) -> None:
    raised = str(value).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    exponent: Expr = Number(float(value))
    if sign:
        exponent = Unary({"⁺": "+", "⁻": "-"}[sign], exponent)
    assert tree(f"x{sign}{raised}").right == exponent  # type: ignore[union-attr]


# ---- names ----


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("µ", "μ"),  # micro sign, mu
        ("Ω", "Ω"),  # ohm sign, omega
        ("Å", "Å"),  # angstrom sign
        ("ϕ", "φ"),
        ("ϵ", "ε"),
        ("ℏ", "ħ"),
        ("𝑥", "x"),  # mathematical italic
        ("𝛼₁", "α1"),
        ("x₁₂", "x12"),
        ("xₐ", "xa"),
        ("e\u0301t", "ét"),  # a letter and its accent as one
        ("が", "が"),
        ("ﬁ", "fi"),
        ("Ⅳ", "IV"),
        ("ｘ１", "x1"),
        ("x\u20d7", "x\u20d7"),  # an arrow over a letter has no form of its own
        ("के", "के"),
        ("x\u0304_1", "x\u0304_1"),
        ("größe", "größe"),
    ],
)
def test_names_are_in_their_normal_form(typed: str, name: str) -> None:
    assert normal_form(typed) == name
    assert tree(f"{typed}*2").left == Name(name)  # type: ignore[union-attr]
    assert type(tree(typed).name) is str  # type: ignore[union-attr]
    assert tree(f"{typed}(x)") == Call(name, (Name("x"),))
    (definition,) = parse(Source(f"{typed} = 3; {typed}*x")).definitions
    assert definition.name == name
    (function,) = parse(Source(f"f({typed}) = 3*{typed}; f(x)")).definitions
    assert function.arguments is not None
    assert function.arguments[0].name == name
    series = tree(f"sum({typed} in 0..2: {typed})")
    assert series == tree(f"sum({name} in 0..2: {name})")
    assert parse_model_file(Source(f"param {typed} = 3"))[0].name == name  # type: ignore[union-attr]
    (data,) = parse_model_file(Source(f'data "d.csv" {{ {typed} = "a" }}'))
    assert data.settings[0].name == name  # type: ignore[union-attr]
    assert tree(to_text(tree(typed))) == Name(name)


def letters(least: str, most: str) -> list[str]:
    return [chr(code) for code in range(ord(least), ord(most) + 1)]


# Every letter of the blocks that papers use: ASCII to Greek and Cyrillic, letter-like signs, alphabets.
PYTHONS_OWN = "·\u0387℘℮"  # signs that Python counts as letters; the dots are products here
PAPER_LETTERS = [*letters("A", "\u0513"), *letters("\u2070", "\u214f"), *letters("\U0001d400", "\U0001d7ff")]


def test_a_letter_is_a_name_where_it_is_one_to_python() -> None:
    """But for letters that are raised or set beside: those would be powers and accents."""
    for letter in PAPER_LETTERS:
        raised = "<super>" in unicodedata.decomposition(letter) or "\u02b0" <= letter <= "\u02ff"
        try:
            name = tree(letter)
        except FormulaSyntaxError:
            name = None
        if letter.isidentifier() and not raised and letter not in PYTHONS_OWN:
            assert name == Name(unicodedata.normalize("NFKC", letter)), letter
        else:
            assert name is None, letter


def test_a_letter_behind_another_is_part_of_a_name_where_it_is_to_python() -> None:
    for letter in PAPER_LETTERS:
        raised = "<super>" in unicodedata.decomposition(letter) or "\u02b0" <= letter <= "\u02ff"
        try:
            name = tree(f"q{letter}")
        except FormulaSyntaxError:
            name = None
        lowered = "<sub>" in unicodedata.decomposition(letter) and letter.isalnum()
        if (f"q{letter}".isidentifier() or lowered) and not raised and letter not in PYTHONS_OWN:
            assert name == Name(unicodedata.normalize("NFKC", f"q{letter}")), letter
        elif letter.isspace():
            assert name == Name("q")
        else:
            assert not isinstance(name, Name), letter


@pytest.mark.parametrize(
    ("text", "column", "carets"),
    [
        ("変数 b", 1, "^^^^^^"),
        ("変数*が[", 5, "       ^"),
        ("x\u20d7*y\u0304 z", 4, "  ^^^"),
        ("e\u0301*b c", 4, "  ^^^"),
        ("a·b⁻² c", 3, "  ^^^^^"),
        ("√x₁ − 2y", 7, "      ^^"),
        ("ｘ１ ≤ $", 6, "       ^"),
        ("\U0001d465 2", 1, "^^^"),
        ("π²\tπ", 1, "^^^^"),
    ],
)
def test_carets_stand_under_what_they_mean(text: str, column: int, carets: str) -> None:
    with pytest.raises(FormulaSyntaxError) as caught:
        tree(text)
    assert caught.value.column == column
    assert str(caught.value).split("\n")[2] == f"     | {carets}"


# ---- letters that look alike ----


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x", "х"),  # Cyrillic
        ("a1", "а1"),
        ("T", "Τ"),  # Greek
        ("Tо", "Tο"),  # Cyrillic and Greek o
        ("tau_c", "tau_с"),
        ("B", "В"),
        ("KMH", "КМН"),
        ("ΑΒΕ", "АВЕ"),
    ],
)
def test_names_of_one_look(one: str, other: str) -> None:
    assert one != other
    assert skeleton(one) == skeleton(other)
    assert confusable(["q", one, "r", other]) == (one, other)
    assert confusable([other, one]) == (other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "α"),
        ("v", "ν"),
        ("y", "γ"),
        ("p", "ρ"),
        ("w", "ω"),
        ("u", "υ"),
        ("k", "κ"),
        ("n", "η"),
        ("x", "χ"),
    ],
)
def test_letters_that_can_be_told_apart_may_stand_together(one: str, other: str) -> None:
    assert confusable([one, other]) is None


def test_the_same_name_twice_is_no_other_name() -> None:
    assert confusable(["x", "x"]) is None
    assert confusable([]) is None


def test_the_table_of_looks_leads_to_plain_letters_and_no_further() -> None:
    for code, latin in LIKE_LATIN.items():
        letter = chr(code)
        assert unicodedata.name(letter).split()[0] in {"GREEK", "CYRILLIC"}
        assert skeleton(letter) == chr(latin) == skeleton(chr(latin))
        assert letter.isupper() == chr(latin).isupper()
        assert normal_form(letter) == letter
