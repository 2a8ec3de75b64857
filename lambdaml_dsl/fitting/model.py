"""The model: a formula with what is known of its names, ready to be evaluated or fitted.

In: a formula, or what a model file says around one. Out: values, derivatives, an objective, a fit.
A model never changes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lambdaml_dsl.derivatives.batched import bind_derivatives
from lambdaml_dsl.derivatives.choice import choose
from lambdaml_dsl.derivatives.methods import DiffMethod, Scheme, mend, read_scheme
from lambdaml_dsl.errors import DataError, OptionError, suggestion
from lambdaml_dsl.fitting.arguments import (
    check_choice,
    evaluate_bound,
    read_constants,
    read_functions,
    read_inputs,
    read_names,
    read_response,
    read_scatter,
    read_value,
    shape_of,
)
from lambdaml_dsl.fitting.specs import (
    DataReference,
    Label,
    ParameterSpec,
    check_fits,
    read_parameters,
    read_shape,
)
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bind import bind_text
from lambdaml_dsl.language.bound import BoundModel, Declared, Known
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.latex import to_latex
from lambdaml_dsl.language.names import as_name
from lambdaml_dsl.language.nodes import Name
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.shapes import has_arrays
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import library
from lambdaml_dsl.objective.blocks import SquaredResidualsOfBlocks
from lambdaml_dsl.objective.files import MODEL_FILES, read_text
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.objective.table import Table, finite_rows, length_of, read_table
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.lower import lower

if TYPE_CHECKING:
    from lambdaml_dsl.fitting.result import FitResult


class Model:
    """A formula whose names have roles.

    Parameters
    ----------
    formula : str
        ``"A*exp(-t/tau)"``, ``"y ~ A*exp(-t/tau)"`` or ``"f(t) = A*exp(-t/tau)"``.
    inputs : sequence of str, optional
        Names that are inputs; ``"x[3]"`` is a vector of 3 in each row. Without them, the arguments of a
        left side ``f(t) =`` are; else, with data, the columns of the data; else ``x`` and ``x0, x1, ...``.
    parameters : iterable of str or ParameterSpec, optional
        Names that are parameters whatever else they could mean, and what is known of them; ``"W[8, 2]"`` is
        a matrix.
    constants : mapping of str to float, optional
        Names that mean a number.
    functions : mapping of str to callable, optional
        Python functions that the formula may call: each takes arrays, one for each argument, and gives an
        array of the same shape. They are differentiated by the complex step where they are made for it, by
        central differences where not.
    library : path or sequence of paths, optional
        Files of definitions (``.lml``) whose functions the formula may call.

    Raises
    ------
    LambdaMLError
        The formula is not one; the error points at the place.

    Examples
    --------
    >>> model = Model("sigmoid(a*exp(-lam*abs(x0))*cos(w*x1 + phi))")
    >>> model.inputs, model.parameters
    (('x0', 'x1'), ('a', 'lam', 'w', 'phi'))
    >>> model(x0=[0.0], x1=[0.0], a=0, lam=0.5, w=2, phi=0)
    array([0.5])
    """

    def __init__(
        self,
        formula: str,
        *,
        inputs: Sequence[str] | None = None,
        parameters: Iterable[str | ParameterSpec] = (),
        constants: Mapping[str, float] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        library: Path | Sequence[Path] = (),
    ) -> None:
        if not isinstance(formula, str):
            raise OptionError(
                f"the formula must be a text, not of the type '{type(formula).__name__}'",
                hint='Give the formula first, then the data: fit("y ~ a*x", data).',
            )
        specs = read_parameters(parameters)
        shaped = [] if inputs is None else [read_shape(name) for name in read_names("inputs", inputs)]
        shapes = [*shaped, *((name, spec.shape) for name, spec in specs.items())]
        self._set_up(
            Source(formula),
            Declared(
                inputs=None if inputs is None else tuple([name for name, _ in shaped]),
                parameters=tuple(specs),
                constants=read_constants(constants or {}),
                shapes=tuple([(name, shape) for name, shape in shapes if shape is not None]),
                functions=read_functions(functions or {}),
                libraries=read_libraries(library),
            ),
            specs,
        )

    def _set_up(
        self,
        source: Source,
        declared: Declared,
        specs: Mapping[str, ParameterSpec],
        *,
        title: str = "",
        labels: Mapping[str, Label] | None = None,
        data: DataReference | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.source = source
        self.declared = declared
        self.specs: Mapping[str, ParameterSpec] = MappingProxyType(dict(specs))
        self.title = title
        self.labels: Mapping[str, Label] = MappingProxyType(dict(labels or {}))
        self.data = data
        self.options: Mapping[str, Any] = MappingProxyType(dict(options or {}))
        if declared.libraries:
            library(declared.libraries)  # what is wrong in a library is said before it is used
        self.bound = bind_text(source, declared)
        for name in specs:
            self.check_names([name], self.bound)

    @classmethod
    def from_parts(
        cls, source: Source, declared: Declared, specs: Mapping[str, ParameterSpec], **rest: Any
    ) -> Model:
        """Make a model from what a model file says; used by `lambdaml_dsl.modelfile`."""
        model = cls.__new__(cls)
        model._set_up(source, declared, specs, **rest)
        return model

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return self.bound.inputs

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which they first appear: the order of theta."""
        return self.bound.parameters

    @property
    def output(self) -> str | None:
        """Name of the response, where the left side is a name."""
        return self.bound.output

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the response, where the left side is a name or a vector of names."""
        return self.bound.outputs

    @property
    def program(self) -> Program:
        """The instructions that compute the model."""
        return lower(self.bound)

    def __repr__(self) -> str:
        return f"Model({str(self)!r})"

    def __str__(self) -> str:
        return to_text(self.bound.equation)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.source, self.declared, dict(self.specs), self._rest())

    def with_constants(self, constants: Mapping[str, float]) -> Model:
        """Give the model with other values for some of its constants."""
        values = {**dict(self.declared.constants), **constants}
        declared = replace(self.declared, constants=read_constants(values))
        return _restore(self.source, declared, self.specs, self._rest())

    def _rest(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "labels": dict(self.labels),
            "data": self.data,
            "options": dict(self.options),
        }

    def bind_to(
        self, columns: Mapping[str, Shape], parameters: Mapping[str, Any] | Iterable[str] = ()
    ) -> BoundModel:
        """Bind the formula to the columns of data.

        Where the model was not told its inputs, the names that are columns are the inputs.

        Parameters
        ----------
        columns : mapping of str to Shape
            The columns that may be inputs, and what each holds in a row.
        parameters : mapping of str to value, or iterable of str
            Names that are parameters even where a column has that name; a value gives the shape.

        Raises
        ------
        OptionError
            One of `parameters` does not stand in the formula.
        NameResolutionError
            A name of the formula is probably a misspelt column.
        """
        values: Mapping[str, Any] = (
            parameters if isinstance(parameters, Mapping) else dict.fromkeys(parameters)
        )
        given = [
            (name, () if value is None or type(value) is float else shape_of(f"the value of '{name}'", value))
            for name, value in values.items()
        ]
        return bind_shapes(self, tuple(columns.items()), tuple(given))

    def check_names(self, names: Iterable[str], bound: BoundModel) -> None:
        """Refuse a name that is no parameter of the formula."""
        for name in names:
            if name not in bound.parameters or name in bound.inputs:
                formula = to_text(bound.equation)[:200]
                raise OptionError(
                    f"'{name}' is an input, not a parameter: {formula}"
                    if name in bound.inputs
                    else f"the parameter '{name}' is not in the formula: {formula}",
                    hint=suggestion(
                        name,
                        [known for known in bound.parameters if known not in bound.inputs],
                        listed="Its parameters are",
                    ),
                )

    def __call__(self, /, **values: Any) -> FloatArray:
        """Evaluate the model.

        Parameters
        ----------
        **values : array_like or float
            Every input and every parameter. An input has one value for each row, or one for all; a vector
            input is an array (n, d). A parameter is one number, or as many as it has components. In a
            formula of numbers alone, a parameter that was not declared and is given an array is taken as
            an input.

        Returns
        -------
        ndarray
            One value for each row, shape (n,); (n, m) for a model of m outputs.

        Raises
        ------
        OptionError
            A name is missing, or is not in the formula.
        """
        values = {as_name(name): value for name, value in values.items()}
        declared = set(self.declared.parameters)
        arrays = {name for name, value in values.items() if length_of(value) and name not in declared}
        inputs = dict.fromkeys([*self.inputs, *(() if self._takes_arrays else arrays)])
        table = read_table({name: values[name] for name in inputs if name in values} or {"": 0.0})
        shapes = dict(table.shapes)
        given = {name: value for name, value in values.items() if name not in inputs}
        bound = self.bound
        if (
            not set(inputs) <= set(self.inputs)
            or any(map(length_of, given.values()))
            or any(shapes.values())
            or bound.is_open
        ):
            bound = self.bind_to(
                {name: shapes.get(name, ()) for name in (*inputs, *shapes) if name},
                {name: value for name, value in given.items() if name in bound.parameters},
            )
        known = (*bound.inputs, *bound.parameters)
        for name in values:
            if name not in known:
                raise OptionError(
                    f"'{name}' is not in the formula", hint=suggestion(name, known, listed="Its names are")
                )
        params = {name: values[name] for name in bound.parameters if name in values}
        for name in bound.inputs:
            if name not in table.names:
                raise OptionError(f"the input '{name}' has no value", hint=f"Give {name}=... .")
        return evaluate_bound(bound, table, self.theta(bound, params))

    @property
    def _takes_arrays(self) -> bool:
        """Whether an array may be the value of a parameter: then what is an input must have been said."""
        return bool(self.inputs) and has_arrays(self.bound.expression)

    def evaluate(self, data: Any, params: Mapping[str, Any]) -> FloatArray:
        """Evaluate the model on data.

        Parameters
        ----------
        data : mapping, data frame or path
            The inputs.
        params : mapping of str to float or array_like
            A value for every parameter.

        Returns
        -------
        ndarray
            One value for each row, shape (n,); (n, m) for a model of m outputs.
        """
        bound, table = self._with(data, params)
        return evaluate_bound(bound, table, self.theta(bound, params))

    def jacobian(
        self,
        data: Any,
        params: Mapping[str, Any],
        method: DiffMethod | str = DiffMethod.AUTO,
        *,
        h: float | None = None,
        bounds: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> dict[str, FloatArray]:
        """Differentiate the model by its parameters.

        Parameters
        ----------
        data : mapping, data frame or path
            The inputs.
        params : mapping of str to float or array_like
            A value for every parameter.
        method : DiffMethod or str
            How.
        h : float, optional
            The step of a difference method, in units of each parameter's size (of 1 for a parameter at 0);
            the method's own where not given.
        bounds : mapping of str to (low, high), optional
            Where a difference method may evaluate the model; those of the parameters where not given.

        Returns
        -------
        dict of str to ndarray
            The derivative by each parameter: shape (n,), and behind that the axes of the model's value where
            it has some, then those of the parameter.

        Examples
        --------
        >>> Model("a*x^2").jacobian({"x": [1.0, 3.0]}, {"a": 5})
        {'a': array([1., 9.])}
        """
        bound, table = self._with(data, params)
        every = tuple(range(len(bound.parameters)))
        scheme = choose(lower(bound), every, self.scheme(bound, method, h, bounds, "h"))
        columns = read_inputs(bound, table)
        theta = self.theta(bound, params)
        out = bind_derivatives(lower(bound), every, scheme, columns, table.rows)(theta)
        mend(lower(bound), every, columns, theta, out, scheme)
        result = bound.result or ()
        sheets = out[prod(result) :].reshape(bound.offsets[-1], *result, table.rows)
        found = {}
        for name, (low, high) in zip(bound.parameters, pairwise(bound.offsets), strict=True):
            if not result and not bound.shape(name):
                found[name] = sheets[low]
                continue
            derivative = np.moveaxis(sheets[low:high], 0, -1)  # (*result, n, components)
            derivative = np.moveaxis(derivative, -2, 0).reshape(table.rows, *result, *bound.shape(name))
            found[name] = np.ascontiguousarray(derivative)
        return found

    def bind(
        self,
        data: Any,
        y: Any = None,
        *,
        loss: str = "least_squares",
        weights: Any = None,
        diff_method: DiffMethod | str = DiffMethod.AUTO,
        diff_h: float | None = None,
        bounds: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> SquaredResiduals | SquaredResidualsOfBlocks:
        """Bind the model to data: an objective of theta, which is flat and in the order of `parameters`.

        Parameters
        ----------
        data : mapping, data frame, path or callable
            The inputs, and the response where `y` is not an array. For data that do not fit into memory a
            function that gives one block of rows after the other, each time it is called.
        y : str or array_like, optional
            The response; the left side of the formula where not given.
        loss : str
            ``"least_squares"``: the sum of squares.
        weights : str or array_like, optional
            Weights of the squares.
        diff_method : DiffMethod or str
            How derivatives are taken.
        diff_h : float, optional
            The step of a difference method, in units of each parameter's size (of 1 for a parameter at 0);
            the method's own where not given.
        bounds : mapping of str to (low, high), optional
            Where a difference method may evaluate the model; those of the parameters where not given.

        Returns
        -------
        SquaredResiduals or SquaredResidualsOfBlocks
            With ``value(theta)``, ``gradient(theta)``, ``value_and_gradient(theta)``, ``factor(theta)``.
        """
        check_choice("loss", loss, ("least_squares",))
        options = (y, weights, diff_method, diff_h, bounds)
        if callable(data):
            return SquaredResidualsOfBlocks(data, lambda block: self._bind_block(block, *options))
        return self._bind_table(read_table(data), *options)

    def _bind_block(self, block: Any, *options: Any) -> SquaredResiduals | None:
        """Bind the model to a block of rows; None where there are none."""
        table = read_table(block)
        return self._bind_table(table, *options) if table.rows else None

    def _bind_table(
        self,
        table: Table,
        y: Any,
        weights: Any,
        diff_method: DiffMethod | str,
        diff_h: float | None,
        bounds: Mapping[str, tuple[Any, Any]] | None,
    ) -> SquaredResiduals:
        if table.rows == 0:
            raise DataError("the data have no rows", place=table.name)
        bound = self.bind_to(columns_for_inputs(self, table, y))
        response = read_response(bound, table, y)
        scales = None if weights is None else read_scatter(table, weights, "weights", response.shape[:-1])
        # Copies: what is computed of the data is kept, and must not disagree with arrays that change.
        columns = {name: values.copy() for name, values in read_inputs(bound, table).items()}
        response = response.copy()
        checked = {f"column '{name}'": values for name, values in columns.items()}
        finite_rows({**checked, "the response": response}, table, "refuse")
        if scales is not None:
            finite_rows({"weights": scales}, table, "refuse")
            if (scales < 0).any():
                row = table.row(int(np.argmax((scales < 0).reshape(-1, table.rows).any(axis=0))))
                raise DataError(f"weights must be zero or above, but not so in {row}", place=table.name)
        scheme = self.scheme(bound, diff_method, diff_h, bounds, "diff_h")
        return SquaredResiduals(bound, columns, response, scales, scheme)

    def scheme(
        self,
        bound: BoundModel,
        method: DiffMethod | str,
        h: float | None,
        bounds: Mapping[str, tuple[Any, Any]] | None,
        what: str,
    ) -> Scheme:
        """Read how derivatives are taken; bounds that are not given are those of the parameters."""
        scheme = read_scheme(method, h, what)
        if bounds is None and not self.specs:
            return scheme
        from lambdaml_dsl.fitting.options import bounded, read_box

        return bounded(scheme, read_box(self, bound, bounds))

    def fit(self, data: Any = None, **options: Any) -> FitResult:
        """Fit the model to data; the same as ``lambdaml_dsl.fit(model, data, ...)``."""
        return fit_function()(self, data, **options)

    def latex(self) -> str:
        r"""Write the formula in LaTeX, without dollar signs.

        Examples
        --------
        >>> print(Model("y ~ A*exp(-t/tau)").latex())
        y = A\,e^{-t/\tau}
        """
        return to_latex(self.bound.equation)

    def explain(self) -> str:
        """Show each stage: the formula as understood, the tree, the roles, the program."""
        from lambdaml_dsl.report.explain import explain

        return explain(self.bound)

    def theta(self, bound: BoundModel, params: Mapping[str, Any]) -> FloatArray:
        """Put parameter values in the order of the formula; fixed ones of the model fill in."""
        params = {as_name(name): value for name, value in params.items()}
        self.check_names(params, bound)
        theta = np.empty(bound.offsets[-1])
        for name, (low, high) in zip(bound.parameters, pairwise(bound.offsets), strict=True):
            value = params.get(name)
            if isinstance(value, float) and math.isfinite(value) and not bound.shape(name):
                theta[low] = value
                continue
            spec = self.specs.get(name)
            if value is None and spec is not None and spec.fixed:
                value = spec.start
            if value is None:
                raise OptionError(
                    f"the parameter '{name}' has no value",
                    hint=f"The parameters are {', '.join(bound.parameters)}.",
                )
            read = read_value(f"the value of '{name}'", value)
            check_fits(f"the value of '{name}'", read, bound.shape(name))
            theta[low:high] = np.ravel(read)
        return theta

    def read(self, data: Any) -> Table:
        """Read data; columns that the model file gives other names go by those, where they are there."""
        table = read_table(data)
        if self.data is not None and set(self.data.columns.values()) <= set(table.columns):
            return table.renamed(self.data.columns)
        return table

    def _with(self, data: Any, params: Mapping[str, float]) -> tuple[BoundModel, Table]:
        table = self.read(data)
        return self.bind_to(self.columns_of(table), params), table

    def columns_of(self, table: Table) -> dict[str, Shape]:
        """Give the columns that may be inputs, with what they hold in a row: all but the response."""
        return {name: shape for name, shape in table.shapes.items() if name not in self.outputs}


@cache
def fit_function() -> Callable[..., FitResult]:
    """Import what fits models, at first use: it is made of them."""
    from lambdaml_dsl.fitting.fit import fit

    return fit


def _restore(
    source: Source, declared: Declared, specs: Mapping[str, ParameterSpec], rest: Mapping[str, Any]
) -> Model:
    return Model.from_parts(source, declared, specs, **rest)


@lru_cache(maxsize=256)
def bind_shapes(
    model: Model, columns: tuple[tuple[str, Shape], ...], parameters: tuple[tuple[str, Shape], ...]
) -> BoundModel:
    """Bind a model's formula to columns and parameters of some shapes: once, for however many fits."""
    names = dict.fromkeys([stem(name) for name in read_names("parameters", [name for name, _ in parameters])])
    shapes = {name: shape for name, shape in (*columns, *parameters) if shape}
    known = Known(tuple([name for name, _ in columns]), tuple(shapes.items()))
    bound = bind_text(model.source, model.declared, known)
    others = [name for name in names if name not in bound.parameters]
    if others:
        written = {node.name for node in walk(model.bound.expression) if isinstance(node, Name)}
        more = tuple([name for name in others if name in written])
        declared = replace(model.declared, parameters=model.declared.parameters + more)
        bound = bind_text(model.source, declared, known)
        model.check_names(others, bound)
    return bound


def columns_for_inputs(model: Model, table: Table, y: Any) -> dict[str, Shape]:
    """Give the columns that may be inputs, with what they hold in a row: all but the one that is fitted."""
    if y is None and model.bound.response is None:
        y = "y"  # what is fitted where nothing else is said
    taken = y if isinstance(y, str) and y != model.output else None
    return {name: shape for name, shape in table.shapes.items() if name != taken}


def stem(name: str) -> str:
    """Give the parameter of a component: W of ``W[1, 2]``."""
    return name.partition("[")[0].strip()


def read_libraries(given: Any) -> tuple[Source, ...]:
    """Read library files."""
    paths = (given,) if isinstance(given, (str, os.PathLike)) else tuple(given)
    return tuple([Source(read_text(Path(path), MODEL_FILES), Path(path).name) for path in paths])
