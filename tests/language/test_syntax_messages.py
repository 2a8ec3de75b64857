"""The exact text of every message on arrays, sums, definitions, pasted characters, files and libraries.

Each was read and judged by itself, as those of `test_messages.py` were.
"""
# ruff: noqa: RUF001  (the characters that are easily taken for others are the subject here)

import pytest

from lambdaml_dsl.errors import FormulaSyntaxError
from lambdaml_dsl.language.declarations import EquationStatement
from lambdaml_dsl.language.parse import parse, parse_definitions, parse_model_file
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.statements import equation_of

FORMULAS = [
    # Square brackets.
    (
        "a[0",
        [
            "formula:1:2: '[' is never closed",
            "   1 | a[0",
            "     |  ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "[1, 2",
        [
            "formula:1:1: '[' is never closed",
            "   1 | [1, 2",
            "     | ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "A[1*x",
        [
            "formula:1:2: '[' is never closed",
            "   1 | A[1*x",
            "     |  ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "v[1:2",
        [
            "formula:1:2: '[' is never closed",
            "   1 | v[1:2",
            "     |  ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "[[1, 2], [3, 4]",
        [
            "formula:1:1: '[' is never closed",
            "   1 | [[1, 2], [3, 4]",
            "     | ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "[u, v ~ a",
        [
            "formula:1:1: '[' is never closed",
            "   1 | [u, v ~ a",
            "     | ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "A[1]]",
        [
            "formula:1:5: ']' closes a bracket that was never opened",
            "   1 | A[1]]",
            "     |     ^",
            "Remove it, or open one before it.",
        ],
    ),
    (
        "A[1)",
        [
            "formula:1:4: ')' cannot close a bracket opened by '['",
            "   1 | A[1)",
            "     |    ^",
            "Write ']'.",
        ],
    ),
    (
        "(A[1)]",
        [
            "formula:1:5: ')' cannot close a bracket opened by '['",
            "   1 | (A[1)]",
            "     |     ^",
            "Write ']'.",
        ],
    ),
    (
        "[]",
        [
            "formula:1:1: a vector needs at least one component",
            "   1 | []",
            "     | ^^",
            "Write for example [1, 2].",
        ],
    ),
    (
        "[ \n ]",
        [
            "formula:1:1: a vector needs at least one component",
            "   1 | [",
            "     | ^^",
            "Write for example [1, 2].",
        ],
    ),
    (
        "A[]",
        [
            "formula:1:2: the index is missing",
            "   1 | A[]",
            "     |  ^^",
            "Components are counted from 0: v[0] is the first, v[-1] the last.",
        ],
    ),
    (
        "exp(x)[]",
        [
            "formula:1:7: the index is missing",
            "   1 | exp(x)[]",
            "     |       ^^",
            "Components are counted from 0: v[0] is the first, v[-1] the last.",
        ],
    ),
    (
        "[1 2]",
        [
            "formula:1:2: an operator is missing between '1' and '2'",
            "   1 | [1 2]",
            "     |  ^^^",
            "Between components stands a comma: 1, 2. For a product write 1*2.",
        ],
    ),
    (
        "A[1 2]",
        [
            "formula:1:3: an operator is missing between '1' and '2'",
            "   1 | A[1 2]",
            "     |   ^^^",
            "Between components stands a comma: 1, 2. For a product write 1*2.",
        ],
    ),
    (
        "[u v] ~ [1, 2]",
        [
            "formula:1:2: an operator is missing between 'u' and 'v'",
            "   1 | [u v] ~ [1, 2]",
            "     |  ^^^",
            "Between components stands a comma: u, v. For a product write u*v.",
        ],
    ),
    (
        "[1; 2]",
        [
            "formula:1:3: ';' cannot stand here",
            "   1 | [1; 2]",
            "     |   ^",
            "The rows of a matrix are written [[1, 2], [3, 4]].",
        ],
    ),
    (
        "[[1, 2]; [3, 4]]",
        [
            "formula:1:8: ';' cannot stand here",
            "   1 | [[1, 2]; [3, 4]]",
            "     |        ^",
            "The rows of a matrix are written [[1, 2], [3, 4]].",
        ],
    ),
    (
        "f(a; b)",
        [
            "formula:1:4: ';' cannot stand here",
            "   1 | f(a; b)",
            "     |    ^",
            "It ends a statement; between arguments stands a comma.",
        ],
    ),
    (
        "A[1,]",
        [
            "formula:1:5: a value is missing before ']'",
            "   1 | A[1,]",
            "     |     ^",
        ],
    ),
    (
        "[1,,2]",
        [
            "formula:1:4: a value is missing before ','",
            "   1 | [1,,2]",
            "     |    ^",
        ],
    ),
    (
        "A[1:2:3:4]",
        [
            "formula:1:8: ':' cannot stand here",
            "   1 | A[1:2:3:4]",
            "     |        ^",
            "Within square brackets it stands between the ends of a range of components: v[1:3].",
        ],
    ),
    (
        "x[0..2]",
        [
            "formula:1:4: '..' cannot stand here",
            "   1 | x[0..2]",
            "     |    ^^",
            "A range stands in an indexed sum: sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "{1, 2}",
        [
            "formula:1:1: '{' cannot stand here",
            "   1 | {1, 2}",
            "     | ^",
            "Brackets in a formula are round: ( ); a vector is written [1, 2].",
        ],
    ),
    (
        "[u, v] ~",
        [
            "formula:1:8: a value is missing after '~'",
            "   1 | [u, v] ~",
            "     |        ^",
        ],
    ),
    (
        "a @",
        [
            "formula:1:3: a value is missing after '@'",
            "   1 | a @",
            "     |   ^",
        ],
    ),
    (
        "@a",
        [
            "formula:1:1: a value is missing before '@'",
            "   1 | @a",
            "     | ^",
        ],
    ),
    (
        "a @@ b",
        [
            "formula:1:4: a value is missing before '@'",
            "   1 | a @@ b",
            "     |    ^",
        ],
    ),
    (
        "x²[0]",
        [
            "formula:1:1: an operator is missing between 'x²' and '['",
            "   1 | x²[0]",
            "     | ^^^",
            "For a product write x²*[ ... ].",
        ],
    ),
    # Indexed sums.
    (
        "sum(i in 0:2: A[i])",
        [
            "formula:1:11: a range is written with two dots: 0..2, both ends included",
            "   1 | sum(i in 0:2: A[i])",
            "     |           ^",
            "Write for example sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i in range(3): A[i])",
        [
            "formula:1:18: a range is written with two dots: 0..2, both ends included",
            "   1 | sum(i in range(3): A[i])",
            "     |                  ^",
            "Write for example sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i in A)",
        [
            "formula:1:11: a range is written with two dots: 0..2, both ends included",
            "   1 | sum(i in A)",
            "     |           ^",
            "Write for example sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i in 0..2 A[i])",
        [
            "formula:1:15: a ':' is missing behind the range",
            "   1 | sum(i in 0..2 A[i])",
            "     |               ^",
            "Write for example sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "prod(k in 1..3, x)",
        [
            "formula:1:15: a ':' is missing behind the range",
            "   1 | prod(k in 1..3, x)",
            "     |               ^",
            "Write for example prod(k in 0..2: A[k]).",
        ],
    ),
    (
        "sum(i in 0..2)",
        [
            "formula:1:14: what the index runs over is missing: a ':' and an expression",
            "   1 | sum(i in 0..2)",
            "     |              ^",
            "Write for example sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i in 0..2:)",
        [
            "formula:1:15: a value is missing before ')'",
            "   1 | sum(i in 0..2:)",
            "     |               ^",
        ],
    ),
    (
        "sum(i in 0..)",
        [
            "formula:1:13: a value is missing before ')'",
            "   1 | sum(i in 0..)",
            "     |             ^",
        ],
    ),
    (
        "sum(i in ..2: A[i])",
        [
            "formula:1:10: '..' cannot stand here",
            "   1 | sum(i in ..2: A[i])",
            "     |          ^^",
            "A range stands in an indexed sum: sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i in 0...2: A[i])",
        [
            "formula:1:11: '...' has no meaning here",
            "   1 | sum(i in 0...2: A[i])",
            "     |           ^^^",
            "A range is written with two dots: 0..2.",
        ],
    ),
    (
        "sum(i in 0…2: A[i])",
        [
            "formula:1:11: '…' (U+2026) has no meaning here",
            "   1 | sum(i in 0…2: A[i])",
            "     |           ^",
            "A range is written with two dots: 0..2.",
        ],
    ),
    (
        "sum(i=0..2: A[i])",
        [
            "formula:1:6: '=' cannot stand here",
            "   1 | sum(i=0..2: A[i])",
            "     |      ^",
            "An indexed sum is written sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(A[i], i=0..2)",
        [
            "formula:1:12: '=' cannot stand here",
            "   1 | sum(A[i], i=0..2)",
            "     |            ^",
            "An indexed sum is written sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(A[i] for i in 0..2)",
        [
            "formula:1:10: 'for' is no word of the language",
            "   1 | sum(A[i] for i in 0..2)",
            "     |          ^^^",
            "An indexed sum is written sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(2 in 0..2: A[i])",
        [
            "formula:1:7: 'in' cannot stand here",
            "   1 | sum(2 in 0..2: A[i])",
            "     |       ^^",
            "An indexed sum has one index, a name: sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(i, j in 0..2: a)",
        [
            "formula:1:10: 'in' cannot stand here",
            "   1 | sum(i, j in 0..2: a)",
            "     |          ^^",
            "An indexed sum has one index, a name: sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "sum(if in 0..2: x)",
        [
            "formula:1:5: a value is missing before 'if'",
            "   1 | sum(if in 0..2: x)",
            "     |     ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "sum(i in 0..2: A[i]",
        [
            "formula:1:4: '(' is never closed",
            "   1 | sum(i in 0..2: A[i]",
            "     |    ^",
            "Add a ')' where it should end.",
        ],
    ),
    (
        "0..2",
        [
            "formula:1:2: '..' cannot stand here",
            "   1 | 0..2",
            "     |  ^^",
            "A range stands in an indexed sum: sum(i in 0..2: A[i]).",
        ],
    ),
    (
        "∑(i in 0..2: A[i])",
        [
            "formula:1:1: '∑' (U+2211) has no meaning here",
            "   1 | ∑(i in 0..2: A[i])",
            "     | ^",
            "An indexed sum is written sum(i in 0..2: A[i]*x^i).",
        ],
    ),
    (
        "∏",
        [
            "formula:1:1: '∏' (U+220F) has no meaning here",
            "   1 | ∏",
            "     | ^",
            "An indexed product is written prod(i in 0..2: x - r[i]).",
        ],
    ),
    # Definitions and statements.
    (
        "f(x) =",
        [
            "formula:1:6: a value is missing after '='",
            "   1 | f(x) =",
            "     |      ^",
        ],
    ),
    (
        "g(u) = ; y ~ g(x)",
        [
            "formula:1:6: a value is missing after '='",
            "   1 | g(u) = ; y ~ g(x)",
            "     |      ^",
        ],
    ),
    (
        "y ~ a*x; z ~ b*x",
        [
            "formula:1:10: a second model; the first is in line 1",
            "   1 | y ~ a*x; z ~ b*x",
            "     |          ^^^^^^^",
            "A formula has one ~. Several outputs are written [u, v] ~ [ ... , ... ].",
        ],
    ),
    (
        "z = 2\ny ~ a*x\nw ~ b*x",
        [
            "formula:3:1: a second model; the first is in line 2",
            "   3 | w ~ b*x",
            "     | ^^^^^^^",
            "A formula has one ~. Several outputs are written [u, v] ~ [ ... , ... ].",
        ],
    ),
    (
        "g(u, u) = u; g(x, x)",
        [
            "formula:1:6: the argument 'u' of 'g' stands twice",
            "   1 | g(u, u) = u; g(x, x)",
            "     |      ^",
            "Give one of the two another name.",
        ],
    ),
    (
        "g(2) = 3; x",
        [
            "formula:1:3: the brackets of 'g' must name its arguments",
            "   1 | g(2) = 3; x",
            "     |   ^",
            "Write for example g(u) = u^2.",
        ],
    ),
    (
        "g() = 3; x",
        [
            "formula:1:1: the brackets of 'g' must name its arguments",
            "   1 | g() = 3; x",
            "     | ^^^",
            "Write for example g(u) = u^2.",
        ],
    ),
    (
        "g(u = 1) = u",
        [
            "formula:1:7: the model's inputs have no defaults",
            "   1 | g(u = 1) = u",
            "     |       ^",
            "If this is meant as a definition, write the model behind it.",
        ],
    ),
    (
        "z = 3; g(u = 1) = u*z",
        [
            "formula:1:14: the model's inputs have no defaults",
            "   1 | z = 3; g(u = 1) = u*z",
            "     |              ^",
            "The last statement, or the one with ~, is the model.",
        ],
    ),
    (
        "g(u = 1, v) = u; y ~ g(x)",
        [
            "formula:1:10: the argument 'v' needs a default, since 'u' before it has one",
            "   1 | g(u = 1, v) = u; y ~ g(x)",
            "     |          ^",
            "Arguments with a default come last: g(v, u = ...).",
        ],
    ),
    (
        "g(u, 2 = 3) = u; x",
        [
            "formula:1:6: an argument of a definition must be a name",
            "   1 | g(u, 2 = 3) = u; x",
            "     |      ^",
            "Write for example g(u, s = 1) = u/s.",
        ],
    ),
    (
        "y ~ gaussian(x, sigma = 2)",
        [
            "formula:1:23: '=' cannot stand here",
            "   1 | y ~ gaussian(x, sigma = 2)",
            "     |                       ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "f(x = 2)",
        [
            "formula:1:5: '=' cannot stand here",
            "   1 | f(x = 2)",
            "     |     ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "g(h(u = 3)) = x; y",
        [
            "formula:1:7: '=' cannot stand here",
            "   1 | g(h(u = 3)) = x; y",
            "     |       ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "g(u = 1) == 3",
        [
            "formula:1:5: '=' cannot stand here",
            "   1 | g(u = 1) == 3",
            "     |     ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "g(x) = h(u = 3); g(x)",
        [
            "formula:1:12: '=' cannot stand here",
            "   1 | g(x) = h(u = 3); g(x)",
            "     |            ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "g(u = 3)[0] = x; y",
        [
            "formula:1:5: '=' cannot stand here",
            "   1 | g(u = 3)[0] = x; y",
            "     |     ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "g(u = 3)*2 = x",
        [
            "formula:1:5: '=' cannot stand here",
            "   1 | g(u = 3)*2 = x",
            "     |     ^",
            "To compare, write ==; functions take their arguments by position, without their names.",
        ],
    ),
    (
        "[u, v] = [x, y]; a*x",
        [
            "formula:1:1: a definition has one name on its left side",
            "   1 | [u, v] = [x, y]; a*x",
            "     | ^^^^^^",
            "Give each its own: u = ...; v = ... .",
        ],
    ),
    (
        "u + v = 3; x",
        [
            "formula:1:1: a definition has one name on its left side",
            "   1 | u + v = 3; x",
            "     | ^^^^^",
            "A definition is written name = ..., or name(u) = ... for a function.",
        ],
    ),
    (
        "const.k = 3; x",
        [
            "formula:1:1: a definition has one name on its left side",
            "   1 | const.k = 3; x",
            "     | ^^^^^^^",
            "A definition is written name = ..., or name(u) = ... for a function.",
        ],
    ),
    (
        "z = 1; z = 2; z*x",
        [
            "formula:1:8: 'z' is defined a second time; the first is in line 1",
            "   1 | z = 1; z = 2; z*x",
            "     |        ^",
            "Give one of the two another name.",
        ],
    ),
    (
        "a*x; b",
        [
            "formula:1:1: this statement is neither a definition nor the last one, which is the model",
            "   1 | a*x; b",
            "     | ^^^",
            "To name its value write name = ...; to continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "a*x\nb",
        [
            "formula:1:1: this statement is neither a definition nor the last one, which is the model",
            "   1 | a*x",
            "     | ^^^",
            "To name its value write name = ...; to continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "y = a*x\n- b",
        [
            "formula:2:1: the formula ended on the line before '-'",
            "   2 | - b",
            "     | ^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "y = a*x\n* b",
        [
            "formula:2:1: the formula ended on the line before '*'",
            "   2 | * b",
            "     | ^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "y ~ a\nif x > 0 else b",
        [
            "formula:2:1: the formula ended on the line before 'if'",
            "   2 | if x > 0 else b",
            "     | ^^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "y = a*x\nor b",
        [
            "formula:2:1: the formula ended on the line before 'or'",
            "   2 | or b",
            "     | ^^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        ";",
        [
            "formula:1:1: a statement is missing before ';'",
            "   1 | ;",
            "     | ^",
            "Remove the ';', or write a definition before it.",
        ],
    ),
    (
        "a;;",
        [
            "formula:1:3: a statement is missing before ';'",
            "   1 | a;;",
            "     |   ^",
            "Remove the ';', or write a definition before it.",
        ],
    ),
    (
        "z = 1;; a*z",
        [
            "formula:1:7: a statement is missing before ';'",
            "   1 | z = 1;; a*z",
            "     |       ^",
            "Remove the ';', or write a definition before it.",
        ],
    ),
    (
        "z = 1\n; a*z",
        [
            "formula:2:1: a statement is missing before ';'",
            "   2 | ; a*z",
            "     | ^",
            "Remove the ';', or write a definition before it.",
        ],
    ),
    (
        "a + ; b",
        [
            "formula:1:3: a value is missing after '+'",
            "   1 | a + ; b",
            "     |   ^",
        ],
    ),
    (
        "(a; b)",
        [
            "formula:1:3: ';' cannot stand here",
            "   1 | (a; b)",
            "     |   ^",
            "It ends a statement; between arguments stands a comma.",
        ],
    ),
    (
        'z = 3 "doc"; z*x',
        [
            'formula:1:7: the text "doc" cannot stand here',
            '   1 | z = 3 "doc"; z*x',
            "     |       ^^^^^",
            "A formula holds no texts, only numbers and names.",
        ],
    ),
    (
        "param a = 3",
        [
            "formula:1:1: 'param' begins a line of a model file",
            "   1 | param a = 3",
            "     | ^^^^^",
            "A formula holds definitions and the model; declarations stand in a model file.",
        ],
    ),
    (
        'use "x"',
        [
            "formula:1:1: 'use' begins a line of a model file",
            '   1 | use "x"',
            "     | ^^^",
            "A formula holds definitions and the model; declarations stand in a model file.",
        ],
    ),
    (
        "fit\na*x",
        [
            "formula:1:1: this 'fit' line cannot be read",
            "   1 | fit",
            "     | ^^^",
            "Write for example: fit { sigma = s }",
        ],
    ),
    (
        "if = 3; x",
        [
            "formula:1:1: a value is missing before 'if'",
            "   1 | if = 3; x",
            "     | ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "True",
        [
            "formula:1:1: 'True' cannot be a name",
            "   1 | True",
            "     | ^^^^",
            "A condition is a comparison, as in x > 0; as numbers write 1 and 0.",
        ],
    ),
    (
        "y ~ nan*x",
        [
            "formula:1:5: 'nan' cannot be a name",
            "   1 | y ~ nan*x",
            "     |     ^^^",
            "A missing value cannot stand in a formula.",
        ],
    ),
    (
        "x = None",
        [
            "formula:1:5: 'None' cannot be a name",
            "   1 | x = None",
            "     |     ^^^^",
            "A missing value cannot stand in a formula.",
        ],
    ),
    (
        "𝐢𝐟*x",
        [
            "formula:1:1: 'if' is a word of the language and cannot be a name",
            "   1 | 𝐢𝐟*x",
            "     | ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    # Powers, roots and products without a sign.
    (
        "2x",
        [
            "formula:1:1: an operator is missing between '2' and 'x'",
            "   1 | 2x",
            "     | ^^",
            "For a product write 2*x.",
        ],
    ),
    (
        "x²y",
        [
            "formula:1:1: an operator is missing between 'x²' and 'y'",
            "   1 | x²y",
            "     | ^^^",
            "For a product write x²*y.",
        ],
    ),
    (
        "3½",
        [
            "formula:1:2: '½' has no meaning here",
            "   1 | 3½",
            "     |  ^",
            "Write (1/2).",
        ],
    ),
    (
        "sin²(x)",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | sin²(x)",
            "     | ^^^^",
            "Write sin(x)^2.",
        ],
    ),
    (
        "sin^2(x)",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | sin^2(x)",
            "     | ^^^^^",
            "Write sin(x)^2.",
        ],
    ),
    (
        "log²x",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | log²x",
            "     | ^^^^",
            "Write log(x)^2.",
        ],
    ),
    (
        "sin⁻¹(x)",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | sin⁻¹(x)",
            "     | ^^^^^",
            "Write asin(x) for the inverse, 1/sin(x) for the reciprocal.",
        ],
    ),
    (
        "tan**-1(x)",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | tan**-1(x)",
            "     | ^^^^^^^",
            "Write atan(x) for the inverse, 1/tan(x) for the reciprocal.",
        ],
    ),
    (
        "sqrt⁻¹(x)",
        [
            "formula:1:1: the power of a function stands behind its argument",
            "   1 | sqrt⁻¹(x)",
            "     | ^^^^^^",
            "Write sqrt(x)^-1.",
        ],
    ),
    (
        "eˣ",
        [
            "formula:1:2: 'ˣ' has no meaning here",
            "   1 | eˣ",
            "     |  ^",
            "For a power write ^x.",
        ],
    ),
    (
        "xⁿ",
        [
            "formula:1:2: 'ⁿ' has no meaning here",
            "   1 | xⁿ",
            "     |  ^",
            "For a power write ^n.",
        ],
    ),
    (
        "x⁻",
        [
            "formula:1:2: '⁻' has no meaning here",
            "   1 | x⁻",
            "     |  ^",
            "A raised sign needs a raised number behind it, as in x⁻¹; or write x^-1.",
        ],
    ),
    (
        "x⁺ + 1",
        [
            "formula:1:2: '⁺' has no meaning here",
            "   1 | x⁺ + 1",
            "     |  ^",
            "A raised sign needs a raised number behind it, as in x⁻¹; or write x^-1.",
        ],
    ),
    (
        "²x",
        [
            "formula:1:1: a value is missing before '²'",
            "   1 | ²x",
            "     | ^",
        ],
    ),
    (
        "x²^3",
        [
            "formula:1:3: '^' cannot stand here",
            "   1 | x²^3",
            "     |   ^",
            "Put the power that comes first in brackets.",
        ],
    ),
    (
        "x⁽²⁾",
        [
            "formula:1:2: '⁽²⁾' has no meaning here",
            "   1 | x⁽²⁾",
            "     |  ^^^",
            "For a power write ^(2).",
        ],
    ),
    (
        "√",
        [
            "formula:1:1: a value is missing after '√'",
            "   1 | √",
            "     | ^",
        ],
    ),
    (
        "a*√",
        [
            "formula:1:3: a value is missing after '√'",
            "   1 | a*√",
            "     |   ^",
        ],
    ),
    (
        "√ + 1",
        [
            "formula:1:3: a value is missing before '+'",
            "   1 | √ + 1",
            "     |   ^",
        ],
    ),
    (
        "√)",
        [
            "formula:1:2: ')' closes a bracket that was never opened",
            "   1 | √)",
            "     |  ^",
            "Remove it, or open one before it.",
        ],
    ),
    (
        "2√x",
        [
            "formula:1:1: an operator is missing between '2' and '√'",
            "   1 | 2√x",
            "     | ^^",
            "For a product write 2*√( ... ).",
        ],
    ),
    (
        "x√y",
        [
            "formula:1:1: an operator is missing between 'x' and '√'",
            "   1 | x√y",
            "     | ^^",
            "For a product write x*√( ... ).",
        ],
    ),
    (
        "√2x",
        [
            "formula:1:2: an operator is missing between '2' and 'x'",
            "   1 | √2x",
            "     |  ^^",
            "For a product write 2*x.",
        ],
    ),
    (
        "a × × b",
        [
            "formula:1:5: a value is missing before '×'",
            "   1 | a × × b",
            "     |     ^",
        ],
    ),
    (
        "÷a",
        [
            "formula:1:1: a value is missing before '÷'",
            "   1 | ÷a",
            "     | ^",
        ],
    ),
    (
        "a ≤",
        [
            "formula:1:3: a value is missing after '≤'",
            "   1 | a ≤",
            "     |   ^",
        ],
    ),
    (
        "a ≤≥ b",
        [
            "formula:1:4: a value is missing before '≥'",
            "   1 | a ≤≥ b",
            "     |    ^",
        ],
    ),
    (
        "const.k_B(x)",
        [
            "formula:1:1: an operator is missing between 'const.k_B' and '('",
            "   1 | const.k_B(x)",
            "     | ^^^^^^^^^^",
            "For a product write const.k_B*( ... ).",
        ],
    ),
    # Characters.
    (
        "|x|",
        [
            "formula:1:1: '|' has no meaning here",
            "   1 | |x|",
            "     | ^",
            "For a logical or write: or; for an absolute value: abs(x).",
        ],
    ),
    (
        "½*x",
        [
            "formula:1:1: '½' has no meaning here",
            "   1 | ½*x",
            "     | ^",
            "Write (1/2).",
        ],
    ),
    (
        "∞",
        [
            "formula:1:1: '∞' (U+221E) has no meaning here",
            "   1 | ∞",
            "     | ^",
            "A formula holds finite numbers; a bound without end is written inf, as in param a in [0, inf].",
        ],
    ),
    (
        "20°C",
        [
            "formula:1:3: '°' (U+00B0) has no meaning here",
            "   1 | 20°C",
            "     |   ^",
            "For degrees write deg2rad(x); a unit stands behind a declared name, as in input T [°C].",
        ],
    ),
    (
        "T°",
        [
            "formula:1:2: '°' (U+00B0) has no meaning here",
            "   1 | T°",
            "     |  ^",
            "For degrees write deg2rad(x); a unit stands behind a declared name, as in input T [°C].",
        ],
    ),
    (
        "x′",
        [
            "formula:1:2: '′' (U+2032) has no meaning here",
            "   1 | x′",
            "     |  ^",
            "Names have no primes: write for example x1; and a formula holds no texts.",
        ],
    ),
    (
        "x″",
        [
            "formula:1:2: '″' (U+2033) has no meaning here",
            "   1 | x″",
            "     |  ^",
            "Names have no primes: write for example x1; and a formula holds no texts.",
        ],
    ),
    (
        "f’(x)",
        [
            "formula:1:2: '’' (U+2019) has no meaning here",
            "   1 | f’(x)",
            "     |  ^",
            "Names have no primes: write for example x1; and a formula holds no texts.",
        ],
    ),
    (
        "f'(x) + g'(x)",
        [
            "formula:1:2: ''' has no meaning here",
            "   1 | f'(x) + g'(x)",
            "     |  ^",
            "Names have no primes: write for example x1; and a formula holds no texts.",
        ],
    ),
    (
        "0,5*x",
        [
            "formula:1:2: ',' cannot stand here",
            "   1 | 0,5*x",
            "     |  ^",
            "A decimal number is written 0.5.",
        ],
    ),
    (
        "a*1,5",
        [
            "formula:1:4: ',' cannot stand here",
            "   1 | a*1,5",
            "     |    ^",
            "A decimal number is written 0.5.",
        ],
    ),
    (
        "a ˆ 2",
        [
            "formula:1:3: 'ˆ' (U+02C6) has no meaning here",
            "   1 | a ˆ 2",
            "     |   ^",
            "For a power write ^.",
        ],
    ),
    (
        "xˆ2",
        [
            "formula:1:2: 'ˆ' (U+02C6) has no meaning here",
            "   1 | xˆ2",
            "     |  ^",
            "For a power write ^.",
        ],
    ),
    (
        "a ± b",
        [
            "formula:1:3: '±' (U+00B1) has no meaning here",
            "   1 | a ± b",
            "     |   ^",
            "Write one formula for each sign.",
        ],
    ),
    (
        "∂y/∂x",
        [
            "formula:1:1: '∂' (U+2202) has no meaning here",
            "   1 | ∂y/∂x",
            "     | ^",
            "The language has no integrals and no derivatives: write the formula that comes out of it.",
        ],
    ),
    (
        "∫ x",
        [
            "formula:1:1: '∫' (U+222B) has no meaning here",
            "   1 | ∫ x",
            "     | ^",
            "The language has no integrals and no derivatives: write the formula that comes out of it.",
        ],
    ),
    (
        "x ∈ [0, 1]",
        [
            "formula:1:3: '∈' (U+2208) has no meaning here",
            "   1 | x ∈ [0, 1]",
            "     |   ^",
            "The index of a sum is written sum(i in 0..2: A[i]); bounds are written param a in [0, 1].",
        ],
    ),
    (
        "⌊x⌋",
        [
            "formula:1:1: '⌊' (U+230A) has no meaning here",
            "   1 | ⌊x⌋",
            "     | ^",
            "For a number rounded down write floor(x).",
        ],
    ),
    (
        "y ≈ x",
        [
            "formula:1:3: '≈' (U+2248) has no meaning here",
            "   1 | y ≈ x",
            "     |   ^",
            "Between the response and the model stands ~.",
        ],
    ),
    (
        "y ∼ x",
        [
            "formula:1:3: '∼' (U+223C) has no meaning here",
            "   1 | y ∼ x",
            "     |   ^",
            "Between the response and the model stands ~.",
        ],
    ),
    (
        "y ∝ x",
        [
            "formula:1:3: '∝' (U+221D) has no meaning here",
            "   1 | y ∝ x",
            "     |   ^",
            "Write the factor as a parameter: y ~ a*x.",
        ],
    ),
    (
        "a ∧ b",
        [
            "formula:1:3: '∧' (U+2227) has no meaning here",
            "   1 | a ∧ b",
            "     |   ^",
            "For a logical and write: and.",
        ],
    ),
    (
        "a⁄b",
        [
            "formula:1:2: '⁄' (U+2044) has no meaning here",
            "   1 | a⁄b",
            "     |  ^",
            "For a quotient write /.",
        ],
    ),
    (
        "‖v‖",
        [
            "formula:1:1: '‖' (U+2016) has no meaning here",
            "   1 | ‖v‖",
            "     | ^",
            "For the length of a vector write norm(v).",
        ],
    ),
    (
        "⟨v⟩",
        [
            "formula:1:1: '⟨' (U+27E8) has no meaning here",
            "   1 | ⟨v⟩",
            "     | ^",
            "For a mean over components write mean(v), for a product of two vectors dot(u, v).",
        ],
    ),
    (
        "∣x∣",
        [
            "formula:1:1: '∣' (U+2223) has no meaning here",
            "   1 | ∣x∣",
            "     | ^",
            "For an absolute value write abs(x).",
        ],
    ),
    (
        "A.T @ x",
        [
            "formula:1:2: '.' has no meaning here",
            "   1 | A.T @ x",
            "     |  ^",
            "A decimal number is written 0.5; names have no dots: exp(x), not np.exp(x); and * replaces .*",
        ],
    ),
    (
        "const.",
        [
            "formula:1:6: '.' has no meaning here",
            "   1 | const.",
            "     |      ^",
            "A physical constant is written const.k_B, with a name behind the dot.",
        ],
    ),
    (
        "１ + x",
        [
            "formula:1:1: '１' (U+FF11) has no meaning here",
            "   1 | １ + x",
            "     | ^^",
            "Did you mean '1'?",
        ],
    ),
    (
        "٣*x",
        [
            "formula:1:1: '٣' (U+0663) has no meaning here",
            "   1 | ٣*x",
            "     | ^",
        ],
    ),
    (
        "①",
        [
            "formula:1:1: '①' (U+2460) has no meaning here",
            "   1 | ①",
            "     | ^",
            "Did you mean '1'?",
        ],
    ),
    (
        "x①",
        [
            "formula:1:2: '①' (U+2460) has no meaning here",
            "   1 | x①",
            "     |  ^",
            "Did you mean '1'?",
        ],
    ),
    (
        "ª",
        [
            "formula:1:1: 'ª' has no meaning here",
            "   1 | ª",
            "     | ^",
            "For a power write ^a.",
        ],
    ),
    (
        "x₊",
        [
            "formula:1:2: '₊' (U+208A) has no meaning here",
            "   1 | x₊",
            "     |  ^",
            "Did you mean '+'?",
        ],
    ),
    (
        "\u0301x",
        [
            "formula:1:1: the mark U+0301 has no meaning here",
            "   1 | \u0301x",
            "     | ^",
            "A mark stands behind the letter that it belongs to.",
        ],
    ),
    (
        "a\ufe0fb",
        [
            "formula:1:2: the mark U+FE0F has no meaning here",
            "   1 | a\ufe0fb",
            "     |  ^",
            "A mark stands behind the letter that it belongs to.",
        ],
    ),
    (
        "変数 ≈ x",
        [
            "formula:1:4: '≈' (U+2248) has no meaning here",
            "   1 | 変数 ≈ x",
            "     |      ^",
            "Between the response and the model stands ~.",
        ],
    ),
    (
        "x\u0304\u0304*y\u2030",
        [
            "formula:1:6: '‰' (U+2030) has no meaning here",
            "   1 | x\u0304\u0304*y\u2030",
            "     |    ^",
            "Write the number itself: 0.001 for one per mille.",
        ],
    ),
]

BEHIND_A_COMMA = "Behind it stands the next name that is declared: param a, b = 1."

MODEL_FILES = [
    (
        "param a,\ny = a*x",
        ["m.lml:1:8: ',' cannot stand here", "   1 | param a,", "     |        ^", BEHIND_A_COMMA],
    ),
    (
        "param a = 1, = 2",
        [
            "m.lml:1:12: ',' cannot stand here",
            "   1 | param a = 1, = 2",
            "     |            ^",
            BEHIND_A_COMMA,
        ],
    ),
    (
        "param a in (0, 1)",
        [
            "m.lml:1:12: bounds are written in square brackets",
            "   1 | param a in (0, 1)",
            "     |            ^",
            "Write: param a in [0, 1]",
        ],
    ),
    (
        "param a in 0, 1",
        [
            "m.lml:1:12: bounds are written in square brackets",
            "   1 | param a in 0, 1",
            "     |            ^",
            "Write: param a in [0, 1]",
        ],
    ),
    (
        "param a in [0, 1",
        [
            "m.lml:1:12: '[' is never closed",
            "   1 | param a in [0, 1",
            "     |            ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "param a [m",
        [
            "m.lml:1:9: '[' is never closed",
            "   1 | param a [m",
            "     |         ^",
            "Add a ']' where the unit should end.",
        ],
    ),
    (
        "param k[3",
        [
            "m.lml:1:8: '[' is never closed",
            "   1 | param k[3",
            "     |        ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "param k[3] = [1, 2",
        [
            "m.lml:1:14: '[' is never closed",
            "   1 | param k[3] = [1, 2",
            "     |              ^",
            "Add a ']' where it should end.",
        ],
    ),
    (
        "param a = 0,5",
        [
            "m.lml:1:12: ',' cannot stand here",
            "   1 | param a = 0,5",
            "     |            ^",
            "A decimal number is written 0.5.",
        ],
    ),
    (
        'const k = 1e-23 J/K "Boltzmann"',
        [
            "m.lml:1:17: 'J' cannot stand here",
            '   1 | const k = 1e-23 J/K "Boltzmann"',
            "     |                 ^",
            'A unit stands in square brackets, a description in quotes: [J/K] "J/K"',
        ],
    ),
    (
        "input x seconds",
        [
            "m.lml:1:9: 'seconds' cannot stand here",
            "   1 | input x seconds",
            "     |         ^^^^^^^",
            'A unit stands in square brackets, a description in quotes: [seconds] "seconds"',
        ],
    ),
    (
        "param a 3",
        [
            "m.lml:1:9: '3' cannot stand here",
            "   1 | param a 3",
            "     |         ^",
            "Write: param a = 3",
        ],
    ),
    (
        "param k[3] = 1 2 3",
        [
            "m.lml:1:16: '2' cannot stand here",
            "   1 | param k[3] = 1 2 3",
            "     |                ^",
            "A vector is written [1, 2].",
        ],
    ),
    (
        "param k[3] = [1 2 3]",
        [
            "m.lml:1:15: an operator is missing between '1' and '2'",
            "   1 | param k[3] = [1 2 3]",
            "     |               ^^^",
            "Between components stands a comma: 1, 2. For a product write 1*2.",
        ],
    ),
    (
        "param a[0]",
        [
            "m.lml:1:9: a shape consists of whole numbers, 1 or more",
            "   1 | param a[0]",
            "     |         ^",
            "A unit stands behind a blank: [kg].",
        ],
    ),
    (
        "param a[2.5]",
        [
            "m.lml:1:8: [2.5] stands for a unit, but looks like a shape",
            "   1 | param a[2.5]",
            "     |        ^^^^^",
            "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2].",
        ],
    ),
    (
        "param a[-1]",
        [
            "m.lml:1:8: [-1] stands for a unit, but looks like a shape",
            "   1 | param a[-1]",
            "     |        ^^^^",
            "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2].",
        ],
    ),
    (
        "param W[n, m]",
        [
            "m.lml:1:8: [n, m] stands for a unit, but looks like a shape",
            "   1 | param W[n, m]",
            "     |        ^^^^^^",
            "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2].",
        ],
    ),
    (
        "param a[2][3]",
        [
            "m.lml:1:11: [3] stands for a unit, but looks like a shape",
            "   1 | param a[2][3]",
            "     |           ^^^",
            "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2].",
        ],
    ),
    (
        "param a [2] = 3",
        [
            "m.lml:1:9: [2] stands for a unit, but looks like a shape",
            "   1 | param a [2] = 3",
            "     |         ^^^",
            "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2].",
        ],
    ),
    (
        "param if = 3",
        [
            "m.lml:1:7: 'if' is a word of the language and cannot be a name",
            "   1 | param if = 3",
            "     |       ^^",
            "A choice is written: a if x > 0 else b.",
        ],
    ),
    (
        "param xⁿ = 3",
        [
            "m.lml:1:8: 'ⁿ' has no meaning here",
            "   1 | param xⁿ = 3",
            "     |        ^",
            "For a power write ^n.",
        ],
    ),
    (
        "use peaks.lml",
        [
            "m.lml:1:1: this 'use' line cannot be read",
            "   1 | use peaks.lml",
            "     | ^^^",
            'Write it in quotes: use "peaks.lml"',
        ],
    ),
    (
        'import "x"',
        [
            "m.lml:1:1: 'import' begins no statement",
            '   1 | import "x"',
            "     | ^^^^^^",
            "Lines begin with: model, use, input, output, param, const, data, fit.",
        ],
    ),
    (
        'libary "x"',
        [
            "m.lml:1:1: 'libary' begins no statement",
            '   1 | libary "x"',
            "     | ^^^^^^",
            "Lines begin with: model, use, input, output, param, const, data, fit.",
        ],
    ),
    (
        'modle "x"',
        [
            "m.lml:1:1: 'modle' begins no statement",
            '   1 | modle "x"',
            "     | ^^^^^",
            "Did you mean 'model'?",
        ],
    ),
    (
        'a*x "doc"',
        [
            'm.lml:1:5: the text "doc" cannot stand here',
            '   1 | a*x "doc"',
            "     |     ^^^^^",
            "A description stands behind a declaration or a definition.",
        ],
    ),
    (
        'y = a*x "doc" "more"',
        [
            'm.lml:1:15: the text "more" cannot stand here',
            '   1 | y = a*x "doc" "more"',
            "     |               ^^^^^^",
            "A statement has one description.",
        ],
    ),
    (
        "y = a*x\n+ b",
        [
            "m.lml:2:1: the formula ended on the line before '+'",
            "   2 | + b",
            "     | ^",
            "To continue a formula on the next line, put it in brackets.",
        ],
    ),
    (
        "param = ",
        [
            "m.lml:1:7: a value is missing after '='",
            "   1 | param =",
            "     |       ^",
        ],
    ),
    (
        "param\ny = a*x",
        [
            "m.lml:1:1: this 'param' line cannot be read",
            "   1 | param",
            "     | ^^^^^",
            "Write for example: param a = 1 in [0, 10]",
        ],
    ),
    (
        "fit { x = }",
        [
            "m.lml:1:9: a value is missing after '='",
            "   1 | fit { x = }",
            "     |         ^",
        ],
    ),
    (
        "fit { x = ; y = 2 }",
        [
            "m.lml:1:9: a value is missing after '='",
            "   1 | fit { x = ; y = 2 }",
            "     |         ^",
        ],
    ),
    (
        'data "x" { a = [1] }',
        [
            "m.lml:1:16: '[' cannot stand here",
            '   1 | data "x" { a = [1] }',
            "     |                ^",
            'A line of a block is written name = value; the value is a number, a name or a "text".',
        ],
    ),
    (
        'data "x" { a[0] = b }',
        [
            "m.lml:1:13: '[' cannot stand here",
            '   1 | data "x" { a[0] = b }',
            "     |             ^",
            'A line of a block is written name = value; the value is a number, a name or a "text".',
        ],
    ),
    (
        "fit { a = b c }",
        [
            "m.lml:1:13: 'c' cannot stand here",
            "   1 | fit { a = b c }",
            "     |             ^",
            'A line of a block is written name = value; the value is a number, a name or a "text".',
        ],
    ),
    (
        "g(u, s = 1 = u",
        [
            "m.lml:1:2: '(' is never closed",
            "   1 | g(u, s = 1 = u",
            "     |  ^",
            "Add a ')' where it should end.",
        ],
    ),
]

LIBRARIES = [
    (
        "param a = 3",
        [
            "m.lml:1:7: a library holds definitions, and this is a line 'param'",
            "   1 | param a = 3",
            "     |       ^",
            "Move the line to the model file that uses the library.",
        ],
    ),
    (
        'data "x"',
        [
            "m.lml:1:6: a library holds definitions, and this is a line 'data'",
            '   1 | data "x"',
            "     |      ^^^",
            "Move the line to the model file that uses the library.",
        ],
    ),
    (
        "fit { }",
        [
            "m.lml:1:1: a library holds definitions, and this is a line 'fit'",
            "   1 | fit { }",
            "     | ^^^",
            "Move the line to the model file that uses the library.",
        ],
    ),
    (
        'use "x"',
        [
            "m.lml:1:5: a library holds definitions, and this is a line 'use'",
            '   1 | use "x"',
            "     |     ^^^",
            "Move the line to the model file that uses the library.",
        ],
    ),
    (
        "y ~ x",
        [
            "m.lml:1:1: a library holds definitions, and this is none",
            "   1 | y ~ x",
            "     | ^^^^^",
            "A definition is written with =, as in name(u) = u^2.",
        ],
    ),
    (
        "x + 1",
        [
            "m.lml:1:1: a library holds definitions, and this is none",
            "   1 | x + 1",
            "     | ^^^^^",
            "A definition is written with =, as in name(u) = u^2.",
        ],
    ),
    (
        "a(x) = x\na(y) = y",
        [
            "m.lml:2:1: 'a' is defined a second time; the first is in line 1",
            "   2 | a(y) = y",
            "     | ^",
            "Give one of the two another name.",
        ],
    ),
    (
        "[u, v] = x",
        [
            "m.lml:1:1: a definition has one name on its left side",
            "   1 | [u, v] = x",
            "     | ^^^^^^",
            "Give each its own: u = ...; v = ... .",
        ],
    ),
    (
        "a(x, x) = x",
        [
            "m.lml:1:6: the argument 'x' of 'a' stands twice",
            "   1 | a(x, x) = x",
            "     |      ^",
            "Give one of the two another name.",
        ],
    ),
    (
        'a(x) = x "one" "two"',
        [
            'm.lml:1:16: the text "two" cannot stand here',
            '   1 | a(x) = x "one" "two"',
            "     |                ^^^^^",
            "A statement has one description.",
        ],
    ),
]


def read_model_file(source: Source) -> None:
    equations = [item for item in parse_model_file(source) if isinstance(item, EquationStatement)]
    if equations:
        equation_of(source, equations)


@pytest.mark.parametrize(("text", "message"), FORMULAS)
def test_wrong_formulas(text: str, message: list[str]) -> None:
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(Source(text, "formula"))
    assert str(caught.value).split("\n") == message


@pytest.mark.parametrize(("text", "message"), MODEL_FILES)
def test_wrong_model_files(text: str, message: list[str]) -> None:
    with pytest.raises(FormulaSyntaxError) as caught:
        read_model_file(Source(text, "m.lml"))
    assert str(caught.value).split("\n") == message


@pytest.mark.parametrize(("text", "message"), LIBRARIES)
def test_wrong_libraries(text: str, message: list[str]) -> None:
    with pytest.raises(FormulaSyntaxError) as caught:
        parse_definitions(Source(text, "m.lml"))
    assert str(caught.value).split("\n") == message
