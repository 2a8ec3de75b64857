"""The exact text of every message, as a scientist reads it.

Each expected text was read and judged by itself; where a message misled, the code was changed. A
change of wording is a change of this file.
"""

import pytest

from lambdaml_dsl.errors import (
    ArityError,
    DataError,
    Excerpt,
    FormulaSyntaxError,
    LambdaMLError,
    LimitError,
    NameResolutionError,
    closest,
    suggestion,
)
from lambdaml_dsl.language.bind import NOTHING_DECLARED, Declared, Known, bind_text
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source

FORMULAS = [
    # Empty.
    (
        "",
        FormulaSyntaxError,
        [
            "formula:1:1: the formula is empty",
            "   1 |",
            "     | ^",
            "Write an expression such as a*exp(-b*x).",
        ],
    ),
    (
        " \n\n  # only a comment\n",
        FormulaSyntaxError,
        [
            "formula:1:1: the formula is empty",
            "   1 |",
            "     | ^",
            "Write an expression such as a*exp(-b*x).",
        ],
    ),
    # Unknown names.
    (
        "a*exxp(-x)",
        NameResolutionError,
        [
            "formula:1:3: unknown function 'exxp'",
            "   1 | a*exxp(-x)",
            "     |   ^^^^",
            "Did you mean 'exp'? Run `lml functions` for the list.",
        ],
    ),
    (
        "y ~ a*cso(w*x + phi)",
        NameResolutionError,
        [
            "formula:1:7: unknown function 'cso'",
            "   1 | y ~ a*cso(w*x + phi)",
            "     |       ^^^",
            "Did you mean 'cos'? Run `lml functions` for the list.",
        ],
    ),
    (
        "Exp(x)",
        NameResolutionError,
        [
            "formula:1:1: unknown function 'Exp'",
            "   1 | Exp(x)",
            "     | ^^^",
            "Did you mean 'exp'? Run `lml functions` for the list.",
        ],
    ),
    (
        "a*(b + qq(x))",
        NameResolutionError,
        [
            "formula:1:8: unknown function 'qq'",
            "   1 | a*(b + qq(x))",
            "     |        ^^",
            "For a product write qq*( ... ). Run `lml functions` for the list.",
        ],
    ),
    (
        "a(x + 1)",
        NameResolutionError,
        [
            "formula:1:1: unknown function 'a'",
            "   1 | a(x + 1)",
            "     | ^",
            "For a product write a*( ... ). Run `lml functions` for the list.",
        ],
    ),
    (
        "zzz(x)*lgo(x)",
        NameResolutionError,
        [
            "formula:1:1: unknown function 'zzz'",
            "   1 | zzz(x)*lgo(x)",
            "     | ^^^",
            "For a product write zzz*( ... ). Run `lml functions` for the list.",
        ],
    ),
    (
        "f(t) = a*f(t)",
        NameResolutionError,
        [
            "formula:1:10: 'f' stands on both sides",
            "   1 | f(t) = a*f(t)",
            "     |          ^",
            "The right side may use inputs and parameters, not the response itself.",
        ],
    ),
    (
        "y ~ y(2)*x",
        NameResolutionError,
        [
            "formula:1:5: 'y' stands on both sides",
            "   1 | y ~ y(2)*x",
            "     |     ^",
            "The right side may use inputs and parameters, not the response itself.",
        ],
    ),
    (
        "lgo(y) ~ a*x",
        NameResolutionError,
        [
            "formula:1:1: unknown function 'lgo'",
            "   1 | lgo(y) ~ a*x",
            "     | ^^^",
            "Did you mean 'log'? Run `lml functions` for the list.",
        ],
    ),
    (
        "f(t) ~ a*t",
        NameResolutionError,
        [
            "formula:1:1: unknown function 'f'",
            "   1 | f(t) ~ a*t",
            "     | ^",
            "To name the inputs of the model write =, as in f(t) = a*t + b.",
        ],
    ),
    (
        "sin*x",
        NameResolutionError,
        [
            "formula:1:1: 'sin' is a function and needs its argument",
            "   1 | sin*x",
            "     | ^^^",
            "Write sin(x).",
        ],
    ),
    (
        "a*max + b",
        NameResolutionError,
        [
            "formula:1:3: 'max' is a function and needs its argument",
            "   1 | a*max + b",
            "     |   ^^^",
            "Write max(x, y).",
        ],
    ),
    (
        "y ~ y*x",
        NameResolutionError,
        [
            "formula:1:5: 'y' stands on both sides",
            "   1 | y ~ y*x",
            "     |     ^",
            "The right side may use inputs and parameters, not the response itself.",
        ],
    ),
    (
        "y ~ a*erf",
        NameResolutionError,
        [
            "formula:1:7: 'erf' is a function and needs its argument",
            "   1 | y ~ a*erf",
            "     |       ^^^",
            "Write erf(x).",
        ],
    ),
    # Arguments.
    (
        "exp(x, y)",
        ArityError,
        [
            "formula:1:1: exp takes 1 argument, 2 are given",
            "   1 | exp(x, y)",
            "     | ^^^^^^^^^",
            "exp(x): e to the power x.",
        ],
    ),
    (
        "a*exp()",
        ArityError,
        [
            "formula:1:3: exp takes 1 argument, 0 are given",
            "   1 | a*exp()",
            "     |   ^^^^^",
            "exp(x): e to the power x.",
        ],
    ),
    (
        "atan2(x)",
        ArityError,
        [
            "formula:1:1: atan2 takes 2 arguments, 1 is given",
            "   1 | atan2(x)",
            "     | ^^^^^^^^",
            "atan2(y, x): angle of the point (x, y), in radians; y comes first.",
        ],
    ),
    (
        "y ~ 2*where(x > 0, 1) + b",
        ArityError,
        [
            "formula:1:7: where takes 3 arguments, 2 are given",
            "   1 | y ~ 2*where(x > 0, 1) + b",
            "     |       ^^^^^^^^^^^^^^^",
            "where(test, x, y): x where the test holds, else y.",
        ],
    ),
    (
        "f(t, t) = a*t",
        FormulaSyntaxError,
        [
            "formula:1:1: the brackets of 'f' must name its inputs, each once",
            "   1 | f(t, t) = a*t",
            "     | ^^^^^^^",
            "Write for example f(t) = a*t + b.",
        ],
    ),
    (
        "f(2*t) = a*t",
        FormulaSyntaxError,
        [
            "formula:1:1: the brackets of 'f' must name its inputs, each once",
            "   1 | f(2*t) = a*t",
            "     | ^^^^^^",
            "Write for example f(t) = a*t + b.",
        ],
    ),
    (
        "f() = a",
        FormulaSyntaxError,
        [
            "formula:1:1: the brackets of 'f' must name its inputs, each once",
            "   1 | f() = a",
            "     | ^^^",
            "Write for example f(t) = a*t + b.",
        ],
    ),
    # Brackets.
    (
        "a*(b + (c*d)",
        FormulaSyntaxError,
        [
            "formula:1:3: '(' is never closed",
            "   1 | a*(b + (c*d)",
            "     |   ^",
            "Add a ')' where it should end.",
        ],
    ),
    (
        "exp(a*x",
        FormulaSyntaxError,
        [
            "formula:1:4: '(' is never closed",
            "   1 | exp(a*x",
            "     |    ^",
            "Add a ')' where it should end.",
        ],
    ),
    (
        "(a*x\n + b",
        FormulaSyntaxError,
        ["formula:1:1: '(' is never closed", "   1 | (a*x", "     | ^", "Add a ')' where it should end."],
    ),
    (
        "((a)",
        FormulaSyntaxError,
        ["formula:1:1: '(' is never closed", "   1 | ((a)", "     | ^", "Add a ')' where it should end."],
    ),
    (
        "a + b)",
        FormulaSyntaxError,
        [
            "formula:1:6: ')' closes a bracket that was never opened",
            "   1 | a + b)",
            "     |      ^",
            "Remove it, or open one before it.",
        ],
    ),
    (
        "a)(b",
        FormulaSyntaxError,
        [
            "formula:1:2: ')' closes a bracket that was never opened",
            "   1 | a)(b",
            "     |  ^",
            "Remove it, or open one before it.",
        ],
    ),
    (
        "exp(a*x]",
        FormulaSyntaxError,
        [
            "formula:1:8: ']' cannot close a bracket opened by '('",
            "   1 | exp(a*x]",
            "     |        ^",
            "Write ')'.",
        ],
    ),
    (
        "{a + b}*x",
        FormulaSyntaxError,
        [
            "formula:1:1: '{' cannot stand here",
            "   1 | {a + b}*x",
            "     | ^",
            "Brackets in a formula are round: ( ); a vector is written [1, 2].",
        ],
    ),
    (
        "e^{-x}",
        FormulaSyntaxError,
        [
            "formula:1:3: '{' cannot stand here",
            "   1 | e^{-x}",
            "     |   ^",
            "Brackets in a formula are round: ( ); a vector is written [1, 2].",
        ],
    ),
    ("()", FormulaSyntaxError, ["formula:1:2: a value is missing before ')'", "   1 | ()", "     |  ^"]),
    (
        "log(y ~ a*x)",
        FormulaSyntaxError,
        [
            "formula:1:7: '~' cannot stand here",
            "   1 | log(y ~ a*x)",
            "     |       ^",
            "It stands between the response and the model, outside all brackets.",
        ],
    ),
    (
        "log(y ~ a*x",
        FormulaSyntaxError,
        [
            "formula:1:4: '(' is never closed",
            "   1 | log(y ~ a*x",
            "     |    ^",
            "Add a ')' where it should end.",
        ],
    ),
    (
        "a*(x  # a comment )",
        FormulaSyntaxError,
        [
            "formula:1:3: '(' is never closed",
            "   1 | a*(x  # a comment )",
            "     |   ^",
            "Add a ')' where it should end.",
        ],
    ),
    # Missing values.
    ("a +", FormulaSyntaxError, ["formula:1:3: a value is missing after '+'", "   1 | a +", "     |   ^"]),
    (
        "a +\n  b",
        FormulaSyntaxError,
        [
            "formula:1:3: a value is missing after '+'",
            "   1 | a +",
            "     |   ^",
            "To continue on the next line, open a bracket first.",
        ],
    ),
    ("y ~", FormulaSyntaxError, ["formula:1:3: a value is missing after '~'", "   1 | y ~", "     |   ^"]),
    ("a*x^", FormulaSyntaxError, ["formula:1:4: a value is missing after '^'", "   1 | a*x^", "     |    ^"]),
    ("*a", FormulaSyntaxError, ["formula:1:1: a value is missing before '*'", "   1 | *a", "     | ^"]),
    (
        "a + *b",
        FormulaSyntaxError,
        ["formula:1:5: a value is missing before '*'", "   1 | a + *b", "     |     ^"],
    ),
    ("~ a*x", FormulaSyntaxError, ["formula:1:1: a value is missing before '~'", "   1 | ~ a*x", "     | ^"]),
    (
        "exp(a, , b)",
        FormulaSyntaxError,
        ["formula:1:8: a value is missing before ','", "   1 | exp(a, , b)", "     |        ^"],
    ),
    (
        "a and",
        FormulaSyntaxError,
        ["formula:1:3: a value is missing after 'and'", "   1 | a and", "     |   ^^^"],
    ),
    ("x <", FormulaSyntaxError, ["formula:1:3: a value is missing after '<'", "   1 | x <", "     |   ^"]),
    # Words.
    (
        "a if x > 0",
        FormulaSyntaxError,
        [
            "formula:1:10: an 'else' is missing after '0'",
            "   1 | a if x > 0",
            "     |          ^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "a if",
        FormulaSyntaxError,
        ["formula:1:3: a value is missing after 'if'", "   1 | a if", "     |   ^^"],
    ),
    (
        "if a else b",
        FormulaSyntaxError,
        [
            "formula:1:1: a value is missing before 'if'",
            "   1 | if a else b",
            "     | ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "a if else b",
        FormulaSyntaxError,
        [
            "formula:1:6: a value is missing before 'else'",
            "   1 | a if else b",
            "     |      ^^^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "if(x > 0, a, b)",
        FormulaSyntaxError,
        [
            "formula:1:1: 'if' is a word of the language and cannot be a name",
            "   1 | if(x > 0, a, b)",
            "     | ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "and a",
        FormulaSyntaxError,
        [
            "formula:1:1: a value is missing before 'and'",
            "   1 | and a",
            "     | ^^^",
            "It stands between two conditions, as in x > 0 and x < 1.",
        ],
    ),
    (
        "a or or b",
        FormulaSyntaxError,
        [
            "formula:1:6: a value is missing before 'or'",
            "   1 | a or or b",
            "     |      ^^",
            "It stands between two conditions, as in x < 0 or x > 1.",
        ],
    ),
    (
        "a not b",
        FormulaSyntaxError,
        [
            "formula:1:3: 'not' cannot stand here",
            "   1 | a not b",
            "     |   ^^^",
            "It stands before a condition, as in not x > 1; for 'not equal' write !=.",
        ],
    ),
    (
        "else",
        FormulaSyntaxError,
        [
            "formula:1:1: a value is missing before 'else'",
            "   1 | else",
            "     | ^^^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    # Missing operators.
    (
        "2x",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between '2' and 'x'",
            "   1 | 2x",
            "     | ^^",
            "For a product write 2*x.",
        ],
    ),
    (
        "y ~ a*x + 2 x",
        FormulaSyntaxError,
        [
            "formula:1:11: an operator is missing between '2' and 'x'",
            "   1 | y ~ a*x + 2 x",
            "     |           ^^^",
            "For a product write 2*x.",
        ],
    ),
    (
        "a b",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between 'a' and 'b'",
            "   1 | a b",
            "     | ^^^",
            "For a product write a*b.",
        ],
    ),
    (
        "1 2",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between '1' and '2'",
            "   1 | 1 2",
            "     | ^^^",
            "For a product write 1*2.",
        ],
    ),
    (
        "(a)(b)",
        FormulaSyntaxError,
        [
            "formula:1:3: an operator is missing between ')' and '('",
            "   1 | (a)(b)",
            "     |   ^^",
            "For a product write ( ... )*( ... ).",
        ],
    ),
    (
        "2(x + 1)",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between '2' and '('",
            "   1 | 2(x + 1)",
            "     | ^^",
            "For a product write 2*( ... ).",
        ],
    ),
    (
        "a sin(x)",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between 'a' and 'sin'",
            "   1 | a sin(x)",
            "     | ^^^^^",
            "For a product write a*sin( ... ).",
        ],
    ),
    (
        "sin(x)cos(x)",
        FormulaSyntaxError,
        [
            "formula:1:6: an operator is missing between ')' and 'cos'",
            "   1 | sin(x)cos(x)",
            "     |      ^^^^",
            "For a product write ( ... )*cos( ... ).",
        ],
    ),
    (
        "sin x",
        FormulaSyntaxError,
        [
            "formula:1:1: 'sin' is a function and needs its argument in brackets",
            "   1 | sin x",
            "     | ^^^^^",
            "Write sin(x).",
        ],
    ),
    (
        "sqrt 2",
        FormulaSyntaxError,
        [
            "formula:1:1: 'sqrt' is a function and needs its argument in brackets",
            "   1 | sqrt 2",
            "     | ^^^^^^",
            "Write sqrt(2).",
        ],
    ),
    (
        "atan2 y",
        FormulaSyntaxError,
        [
            "formula:1:1: 'atan2' is a function and needs its argument in brackets",
            "   1 | atan2 y",
            "     | ^^^^^^^",
            "Write atan2(y, x).",
        ],
    ),
    (
        "0x1F",
        FormulaSyntaxError,
        ["formula:1:1: numbers are written in decimal", "   1 | 0x1F", "     | ^^^^"],
    ),
    (
        "a*x\n+ b",
        FormulaSyntaxError,
        [
            "formula:2:1: the formula ended on the line before '+'",
            "   2 | + b",
            "     | ^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "\u5909\u6570 b",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between '\u5909\u6570' and 'b'",
            "   1 | \u5909\u6570 b",
            "     | ^^^^^^",
            "For a product write \u5909\u6570*b.",
        ],
    ),
    # Foreign operators.
    (
        "a//b",
        FormulaSyntaxError,
        [
            "formula:1:2: '//' is not an operator",
            "   1 | a//b",
            "     |  ^^",
            "For a quotient rounded down write floor(a/b).",
        ],
    ),
    (
        "a***b",
        FormulaSyntaxError,
        [
            "formula:1:2: '***' is not an operator",
            "   1 | a***b",
            "     |  ^^^",
            "A product is *, a power is ^ or **.",
        ],
    ),
    (
        "a <> b",
        FormulaSyntaxError,
        ["formula:1:3: '<>' is not an operator", "   1 | a <> b", "     |   ^^", "For 'not equal' write !=."],
    ),
    (
        "a => b",
        FormulaSyntaxError,
        ["formula:1:3: '=>' is not an operator", "   1 | a => b", "     |   ^^", "Write >=."],
    ),
    (
        "a =< b",
        FormulaSyntaxError,
        ["formula:1:3: '=<' is not an operator", "   1 | a =< b", "     |   ^^", "Write <=."],
    ),
    (
        "a === b",
        FormulaSyntaxError,
        ["formula:1:3: '===' is not an operator", "   1 | a === b", "     |   ^^^", "To compare, write ==."],
    ),
    (
        "a ? b : c",
        FormulaSyntaxError,
        [
            "formula:1:3: '?' has no meaning here",
            "   1 | a ? b : c",
            "     |   ^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "a && b",
        FormulaSyntaxError,
        [
            "formula:1:3: '&' has no meaning here",
            "   1 | a && b",
            "     |   ^",
            "For a logical and write: and.",
        ],
    ),
    (
        "a || b",
        FormulaSyntaxError,
        [
            "formula:1:3: '|' has no meaning here",
            "   1 | a || b",
            "     |   ^",
            "For a logical or write: or; for an absolute value: abs(x).",
        ],
    ),
    (
        "!a",
        FormulaSyntaxError,
        [
            "formula:1:1: '!' has no meaning here",
            "   1 | !a",
            "     | ^",
            "For 'not equal' write !=; for a logical not: not; for a factorial: gamma(n + 1).",
        ],
    ),
    (
        "|x|",
        FormulaSyntaxError,
        [
            "formula:1:1: '|' has no meaning here",
            "   1 | |x|",
            "     | ^",
            "For a logical or write: or; for an absolute value: abs(x).",
        ],
    ),
    (
        "a.*b",
        FormulaSyntaxError,
        [
            "formula:1:2: '.' has no meaning here",
            "   1 | a.*b",
            "     |  ^",
            "A decimal number is written 0.5; names have no dots: exp(x), not np.exp(x); and * replaces .*",
        ],
    ),
    (
        "a -> b",
        FormulaSyntaxError,
        ["formula:1:4: a value is missing before '>'", "   1 | a -> b", "     |    ^"],
    ),
    # Equals and tilde.
    (
        "exp(x=a)",
        FormulaSyntaxError,
        [
            "formula:1:6: '=' cannot stand here",
            "   1 | exp(x=a)",
            "     |      ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "a = b = c",
        FormulaSyntaxError,
        [
            "formula:1:7: '=' cannot stand here",
            "   1 | a = b = c",
            "     |       ^",
            "A statement has one =, behind the response or the name that is defined; to compare, write ==.",
        ],
    ),
    (
        "y ~ a ~ b",
        FormulaSyntaxError,
        [
            "formula:1:7: '~' cannot stand here",
            "   1 | y ~ a ~ b",
            "     |       ^",
            "A formula has one ~, between the response and the model.",
        ],
    ),
    (
        "y ~ a*x = 3",
        FormulaSyntaxError,
        [
            "formula:1:9: '=' cannot stand here",
            "   1 | y ~ a*x = 3",
            "     |         ^",
            "A statement has one =, behind the response or the name that is defined; to compare, write ==.",
        ],
    ),
    (
        "y := a*x",
        FormulaSyntaxError,
        [
            "formula:1:3: ':' cannot stand here",
            "   1 | y := a*x",
            "     |   ^",
            "Between the response and the model stands ~ or =, as in y ~ a*x + b.",
        ],
    ),
    # Characters.
    (
        "\\frac{a}{b}*x",
        FormulaSyntaxError,
        [
            "formula:1:1: '\\' has no meaning here",
            "   1 | \\frac{a}{b}*x",
            "     | ^",
            "This looks like LaTeX; write a/b for \\frac{a}{b}, sqrt(x) for \\sqrt{x}, alpha for \\alpha.",
        ],
    ),
    (
        "$a*x$",
        FormulaSyntaxError,
        [
            "formula:1:1: '$' has no meaning here",
            "   1 | $a*x$",
            "     | ^",
            "This looks like LaTeX; write it plainly, without the $ signs.",
        ],
    ),
    (
        "a, b",
        FormulaSyntaxError,
        [
            "formula:1:2: ',' cannot stand here",
            "   1 | a, b",
            "     |  ^",
            "A comma stands between the arguments of a function; a decimal number is written 0.5.",
        ],
    ),
    (
        "0,5*x",
        FormulaSyntaxError,
        [
            "formula:1:2: ',' cannot stand here",
            "   1 | 0,5*x",
            "     |  ^",
            "A decimal number is written 0.5.",
        ],
    ),
    (
        "np.exp(x)",
        FormulaSyntaxError,
        [
            "formula:1:3: '.' has no meaning here",
            "   1 | np.exp(x)",
            "     |   ^",
            "A decimal number is written 0.5; names have no dots: exp(x), not np.exp(x); and * replaces .*",
        ],
    ),
    (
        "1.5.2*x",
        FormulaSyntaxError,
        [
            "formula:1:4: '.2' cannot stand here",
            "   1 | 1.5.2*x",
            "     |    ^^",
            "A decimal number is written 0.5; names have no dots: exp(x), not np.exp(x); and * replaces .*",
        ],
    ),
    (
        "'text'",
        FormulaSyntaxError,
        [
            "formula:1:1: the text 'text' cannot stand here",
            "   1 | 'text'",
            "     | ^^^^^^",
            "A formula holds no texts, only numbers and names.",
        ],
    ),
    (
        "y ~ f'(x)",
        FormulaSyntaxError,
        [
            "formula:1:6: ''' has no meaning here",
            "   1 | y ~ f'(x)",
            "     |      ^",
            "Names have no primes: write for example x1; and a formula holds no texts.",
        ],
    ),
    (
        "a\uff0cb",
        FormulaSyntaxError,
        [
            "formula:1:2: '\uff0c' (U+FF0C) has no meaning here",
            "   1 | a\uff0cb",
            "     |  ^^",
            "Did you mean ','?",
        ],
    ),
    (
        "x\u200b + 1",
        FormulaSyntaxError,
        [
            "formula:1:2: the invisible character U+200B has no meaning here",
            "   1 | x  + 1",
            "     |  ^",
            "Remove it; it may have come with pasted text.",
        ],
    ),
    (
        "a\x07b",
        FormulaSyntaxError,
        [
            "formula:1:2: the invisible character U+0007 has no meaning here",
            "   1 | a b",
            "     |  ^",
            "Remove it; it may have come with pasted text.",
        ],
    ),
    ("a`b", FormulaSyntaxError, ["formula:1:2: '`' has no meaning here", "   1 | a`b", "     |  ^"]),
    (
        "\U0001f600*x",
        FormulaSyntaxError,
        ["formula:1:1: '\U0001f600' (U+1F600) has no meaning here", "   1 | \U0001f600*x", "     | ^^"],
    ),
    # Numbers.
    (
        "1e999*x",
        FormulaSyntaxError,
        [
            "formula:1:1: the number 1e999 is too large",
            "   1 | 1e999*x",
            "     | ^^^^^",
            "The largest number is about 1.8e308.",
        ],
    ),
    (
        "9" * 400,
        FormulaSyntaxError,
        [
            "formula:1:1: the number 99999999999999999... is too large",
            "   1 | " + "9" * 100,
            "     | " + "^" * 100,
            "The largest number is about 1.8e308.",
        ],
    ),
    (
        "1__0*x",
        FormulaSyntaxError,
        [
            "formula:1:1: an operator is missing between '1' and '__0'",
            "   1 | 1__0*x",
            "     | ^^^^",
            "For a product write 1*__0.",
        ],
    ),
]


@pytest.mark.parametrize(("text", "kind", "message"), FORMULAS)
def test_wrong_formulas(text: str, kind: type[LambdaMLError], message: list[str]) -> None:
    with pytest.raises(kind) as caught:
        bind_text(Source(text), NOTHING_DECLARED)
    assert str(caught.value).split("\n") == message
    assert type(caught.value) is kind


T_AND_B = Declared(inputs=("t",), parameters=("a", "b"), complete=True)

WITH_ROLES = [
    (
        "y ~ a*t + bb",
        T_AND_B,
        None,
        NameResolutionError,
        [
            "formula:1:11: 'bb' is not declared",
            "   1 | y ~ a*t + bb",
            "     |           ^^",
            "Did you mean 'b'? Or add a line for it: param bb, or: input bb",
        ],
    ),
    (
        "y ~ a*t + q",
        T_AND_B,
        None,
        NameResolutionError,
        [
            "formula:1:11: 'q' is not declared",
            "   1 | y ~ a*t + q",
            "     |           ^",
            "Declared: a, b, t. Or add a line for it: param q, or: input q",
        ],
    ),
    (
        "y ~ q + 1",
        Declared(complete=True),
        None,
        NameResolutionError,
        [
            "formula:1:5: 'q' is not declared",
            "   1 | y ~ q + 1",
            "     |     ^",
            "Or add a line for it: param q, or: input q",
        ],
    ),
    (
        "y ~ a(t + 1)",
        T_AND_B,
        None,
        NameResolutionError,
        [
            "formula:1:5: 'a' is a value, not a function",
            "   1 | y ~ a(t + 1)",
            "     |     ^",
            "For a product write a*( ... ).",
        ],
    ),
    (
        "y ~ k*dose(x)",
        NOTHING_DECLARED,
        ("dose", "x", "y"),
        NameResolutionError,
        [
            "formula:1:7: 'dose' is a value, not a function",
            "   1 | y ~ k*dose(x)",
            "     |       ^^^^",
            "For a product write dose*( ... ).",
        ],
    ),
    (
        "y ~ a*Time + b*dose",
        NOTHING_DECLARED,
        ("time", "dose", "y"),
        NameResolutionError,
        [
            "formula:1:7: the data have no column 'Time', but they have 'time'",
            "   1 | y ~ a*Time + b*dose",
            "     |       ^^^^",
            "Write time, or give 'Time' a start value to make it a parameter.",
        ],
    ),
    (
        "y ~ a*x + b",
        NOTHING_DECLARED,
        ("t", "y"),
        NameResolutionError,
        [
            "formula:1:5: no column of the data is used; the formula's names are a, x, b",
            "   1 | y ~ a*x + b",
            "     |     ^",
            "The data have the columns: t, y.",
        ],
    ),
    (
        "y ~ a*y",
        NOTHING_DECLARED,
        ("t", "y"),
        NameResolutionError,
        [
            "formula:1:7: 'y' stands on both sides",
            "   1 | y ~ a*y",
            "     |       ^",
            "The right side may use inputs and parameters, not the response itself.",
        ],
    ),
]


@pytest.mark.parametrize(("text", "declared", "columns", "kind", "message"), WITH_ROLES)
def test_wrong_names(
    text: str,
    declared: Declared,
    columns: tuple[str, ...] | None,
    kind: type[LambdaMLError],
    message: list[str],
) -> None:
    with pytest.raises(kind) as caught:
        bind_text(Source(text), declared, Known(columns))
    assert str(caught.value).split("\n") == message


def test_nesting_limit() -> None:
    with pytest.raises(LimitError) as caught:
        parse(Source("(" * 201 + "x" + ")" * 201))
    assert str(caught.value).split("\n") == [
        "formula:1:201: brackets are nested more than 200 deep",
        "   1 | " + "(" * 50 + "(" + "x" + ")" * 48,
        "     | " + " " * 50 + "^",
        "Name a part of the formula, or write it with fewer brackets.",
    ]


def test_the_file_and_the_line_are_named() -> None:
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(Source("# first\n\ny ~ a*x b", "decay.lml"))
    error = caught.value
    assert str(error).split("\n") == [
        "decay.lml:3:7: an operator is missing between 'x' and 'b'",
        "   3 | y ~ a*x b",
        "     |       ^^^",
        "For a product write x*b.",
    ]
    assert (error.source, error.line, error.column) == ("decay.lml", 3, 7)
    assert error.problem == "an operator is missing between 'x' and 'b'"
    assert error.hint == "For a product write x*b."


def show(text: str, column: int, width: int, line: int = 1) -> list[str]:
    """Show the line of the source and the line of the carets of an error."""
    excerpt = Excerpt("formula", line, column, text, width)
    return str(LambdaMLError("problem", excerpt=excerpt)).split("\n")[1:]


def test_a_long_line_is_cut_around_the_place() -> None:
    # 300 columns of which 100 are shown, the place in their middle.
    text = "".join(chr(ord("a") + index % 26) for index in range(300))
    assert show(text, 151, 3) == ["   1 | " + text[100:200], "     | " + " " * 50 + "^^^"]


def test_a_long_line_is_cut_at_its_end() -> None:
    text = "a" * 297 + "bcd"
    assert show(text, 298, 3) == ["   1 | " + "a" * 97 + "bcd", "     | " + " " * 97 + "^^^"]


def test_a_long_line_is_not_cut_before_its_beginning() -> None:
    text = "abc" + "d" * 200
    assert show(text, 1, 3) == ["   1 | abc" + "d" * 97, "     | ^^^"]


def test_a_stretch_longer_than_the_cut_is_marked_as_far_as_it_is_shown() -> None:
    assert show("a" * 300, 1, 300) == ["   1 | " + "a" * 100, "     | " + "^" * 100]


def test_a_line_of_100_characters_is_shown_whole() -> None:
    assert show("a" * 99 + "b", 100, 1) == ["   1 | " + "a" * 99 + "b", "     | " + " " * 99 + "^"]


def test_wide_characters_take_two_columns() -> None:
    # Two characters of two columns each, then *, then two more.
    assert show("\u5909\u6570*\u5909\u6570", 4, 2) == [
        "   1 | \u5909\u6570*\u5909\u6570",
        "     |      ^^^^",
    ]


def test_combining_marks_take_no_column() -> None:
    # e with an acute accent set over it, a Devanagari syllable with a vowel sign set over it.
    assert show("e\u0301*b", 4, 1) == ["   1 | e\u0301*b", "     |   ^"]
    assert show("\u0915\u0947*b", 4, 1) == ["   1 | \u0915\u0947*b", "     |   ^"]


def test_a_tab_is_one_blank_in_both_lines() -> None:
    assert show("\ta\t*b", 4, 1) == ["   1 |  a *b", "     |    ^"]


def test_control_characters_never_reach_the_terminal() -> None:
    assert show("a\x1b[31m\u202eb\x00", 7, 1) == ["   1 | a [31m b", "     |       ^"]


def test_the_caret_at_the_end_of_a_line() -> None:
    assert show("ab", 3, 1) == ["   1 | ab", "     |   ^"]


def test_line_numbers_of_many_digits() -> None:
    assert show("ab", 2, 1, line=123456) == ["123456 | ab", "       |  ^"]


def test_an_error_without_a_text() -> None:
    assert str(DataError("it is empty", place="a.csv", hint="Add rows.")) == "a.csv: it is empty\nAdd rows."
    assert str(DataError("it is empty", place="a.csv")) == "a.csv: it is empty"
    assert str(DataError("it is empty")) == "it is empty"
    assert str(DataError("it is empty", hint="Add rows.")) == "it is empty\nAdd rows."
    error = DataError("it is empty")
    assert (error.source, error.line, error.column) == (None, None, None)


def test_errors_are_caught_by_the_kinds_that_python_has() -> None:
    assert issubclass(NameResolutionError, ValueError)
    assert issubclass(FormulaSyntaxError, ValueError)
    assert not issubclass(FormulaSyntaxError, SyntaxError)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("tua", ["tau", "A"], "tau"),
        ("TAU", ["tau", "A"], "tau"),
        ("exxp", ["log", "exp"], "exp"),
        ("q", ["tau", "A"], None),
        ("q", [], None),
    ],
)
def test_closest(name: str, known: list[str], expected: str | None) -> None:
    assert closest(name, known) == expected


def test_suggestion_lists_what_there_is() -> None:
    assert suggestion("q", ["tau", "A"], listed="Columns") == "Columns: tau, A."
    assert suggestion("q", []) == ""
