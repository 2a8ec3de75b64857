"""The model: a formula with what is known of its names, ready to be evaluated or fitted.

In: a formula, or what a model file says around one. Out: values, derivatives, an objective, a fit.
A model never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lambdaml_dsl.derivatives.methods import DiffMethod, differentiate, mend, read_method
from lambdaml_dsl.errors import DataError, OptionError, suggestion
from lambdaml_dsl.fitting.arguments import (
    check_choice,
    evaluate_bound,
    read_column,
    read_constants,
    read_names,
    read_number,
    read_response,
)
from lambdaml_dsl.fitting.specs import DataReference, Label, ParameterSpec, read_parameters
from lambdaml_dsl.language.bind import BoundModel, Declared, bind_text
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.nodes import Name
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.objective.table import Table, finite_rows, read_table
from lambdaml_dsl.program.evaluate import evaluate
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
        Names that are inputs. Without them, the arguments of a left side ``f(t) =`` are; else, with
        data, the columns of the data; else ``x`` and ``x0, x1, ...``.
    parameters : iterable of str or ParameterSpec, optional
        Names that are parameters whatever else they could mean, and what is known of them.
    constants : mapping of str to float, optional
        Names that mean a number.

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
    ) -> None:
        if not isinstance(formula, str):
            raise OptionError(
                f"the formula must be a text, not of the type '{type(formula).__name__}'",
                hint='Give the formula first, then the data: fit("y ~ a*x", data).',
            )
        specs = read_parameters(parameters)
        self._set_up(
            Source(formula),
            Declared(
                inputs=None if inputs is None else read_names("inputs", inputs),
                parameters=tuple(specs),
                constants=read_constants(constants or {}),
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
        self.bound = bind_text(source, declared, None)
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

    def bind_to(self, columns: Iterable[str], parameters: Iterable[str] = ()) -> BoundModel:
        """Bind the formula to the columns of data.

        Where the model was not told its inputs, the names that are columns are the inputs.

        Parameters
        ----------
        columns : iterable of str
            The columns that may be inputs.
        parameters : iterable of str
            Names that are parameters even where a column has that name.

        Raises
        ------
        OptionError
            One of `parameters` does not stand in the formula.
        NameResolutionError
            A name of the formula is probably a misspelt column.
        """
        parameters = read_names("parameters", parameters)
        wanted = None if self.declared.inputs is not None else tuple(columns)
        bound = bind_text(self.source, self.declared, wanted)
        others = [name for name in parameters if name not in bound.parameters]
        if others:
            names = {node.name for node in walk(self.bound.expression) if isinstance(node, Name)}
            more = tuple([name for name in others if name in names])
            declared = replace(self.declared, parameters=self.declared.parameters + more)
            bound = bind_text(self.source, declared, wanted)
            self.check_names(others, bound)
        return bound

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
            Every input and every parameter. A parameter is one number; an input has one value for
            each row, or one for all. A parameter that was not declared and is given an array is taken
            as an input.

        Returns
        -------
        ndarray
            One value for each row, shape (n,).

        Raises
        ------
        OptionError
            A name is missing, or is not in the formula.
        """
        declared = set(self.declared.parameters)
        arrays = {name for name, value in values.items() if np.ndim(value) > 0}
        columns = {*self.inputs, *(name for name in arrays if name not in declared)}
        bound = self.bound if columns <= set(self.inputs) else self.bind_to(columns)
        known = (*bound.inputs, *bound.parameters)
        for name in values:
            if name not in known:
                raise OptionError(
                    f"'{name}' is not in the formula", hint=suggestion(name, known, listed="Its names are")
                )
        params = {name: values[name] for name in bound.parameters if name in values}
        table = read_table({name: values[name] for name in bound.inputs if name in values} or {"": 0.0})
        for name in bound.inputs:
            if name not in values:
                raise OptionError(f"the input '{name}' has no value", hint=f"Give {name}=... .")
        return evaluate_bound(bound, table, self.theta(bound, params))

    def evaluate(self, data: Any, params: Mapping[str, float]) -> FloatArray:
        """Evaluate the model on data.

        Parameters
        ----------
        data : mapping, data frame or path
            The inputs.
        params : mapping of str to float
            A value for every parameter.

        Returns
        -------
        ndarray
            One value for each row, shape (n,).
        """
        bound, table = self._with(data, params)
        return evaluate_bound(bound, table, self.theta(bound, params))

    def jacobian(
        self, data: Any, params: Mapping[str, float], method: DiffMethod | str = DiffMethod.COMPLEX_STEP
    ) -> dict[str, FloatArray]:
        """Differentiate the model by its parameters.

        Parameters
        ----------
        data : mapping, data frame or path
            The inputs.
        params : mapping of str to float
            A value for every parameter.
        method : DiffMethod or str
            How.

        Returns
        -------
        dict of str to ndarray
            The derivative by each parameter, shape (n,).

        Examples
        --------
        >>> Model("a*x^2").jacobian({"x": [1.0, 3.0]}, {"a": 5})
        {'a': array([1., 9.])}
        """
        bound, table = self._with(data, params)
        every = tuple(range(len(bound.parameters)))
        program = differentiate(lower(bound), every, read_method(method))
        columns = {name: table.column(name) for name in bound.inputs}
        theta = self.theta(bound, params)
        out = evaluate(program, columns, table.rows, theta)
        mend(lower(bound), every, columns, theta, out)
        return dict(zip(bound.parameters, out[1:], strict=True))

    def bind(
        self,
        data: Any,
        y: Any = None,
        *,
        loss: str = "least_squares",
        weights: Any = None,
        diff_method: DiffMethod | str = DiffMethod.COMPLEX_STEP,
    ) -> SquaredResiduals:
        """Bind the model to data: an objective of theta, which is flat and in the order of `parameters`.

        Parameters
        ----------
        data : mapping, data frame or path
            The inputs, and the response where `y` is not an array.
        y : str or array_like, optional
            The response; the left side of the formula where not given.
        loss : str
            ``"least_squares"``: the sum of squares.
        weights : str or array_like, optional
            Weights of the squares.
        diff_method : DiffMethod or str
            How derivatives are taken.

        Returns
        -------
        SquaredResiduals
            With ``value(theta)``, ``gradient(theta)``, ``value_and_gradient(theta)``.
        """
        check_choice("loss", loss, ("least_squares",))
        table = read_table(data)
        bound = self.bind_to(columns_for_inputs(self, table, y))
        response = read_response(bound, table, y)
        scales = None if weights is None else read_column(table, weights, "weights")
        columns = {name: table.column(name) for name in bound.inputs}
        checked = {f"column '{name}'": values for name, values in columns.items()}
        finite_rows({**checked, "the response": response}, table, "raise")
        if scales is not None:
            finite_rows({"weights": scales}, table, "raise")
            if (scales < 0).any():
                row = table.row(int(np.argmax(scales < 0)))
                raise DataError(f"weights must be zero or above, but not so in {row}", place=table.name)
        return SquaredResiduals(bound, columns, response, scales, read_method(diff_method))

    def fit(self, data: Any = None, **options: Any) -> FitResult:
        """Fit the model to data; the same as ``lambdaml_dsl.fit(model, data, ...)``."""
        from lambdaml_dsl.fitting.fit import fit

        return fit(self, data, **options)

    def explain(self) -> str:
        """Show each stage: the formula as understood, the tree, the roles, the program."""
        from lambdaml_dsl.report.explain import explain

        return explain(self.bound)

    def theta(self, bound: BoundModel, params: Mapping[str, float]) -> FloatArray:
        """Put parameter values in the order of the formula; fixed ones of the model fill in."""
        self.check_names(params, bound)
        theta = np.empty(len(bound.parameters))
        for index, name in enumerate(bound.parameters):
            spec = self.specs.get(name)
            value = params.get(name, spec.start if spec is not None and spec.fixed else None)
            if value is None:
                raise OptionError(
                    f"the parameter '{name}' has no value",
                    hint=f"The parameters are {', '.join(bound.parameters)}.",
                )
            theta[index] = read_number(f"the value of '{name}'", value)
        return theta

    def read(self, data: Any) -> Table:
        """Read data; columns that the model file gives other names go by those, where they are there."""
        table = read_table(data)
        if self.data is not None and set(self.data.columns.values()) <= set(table.columns):
            return table.renamed(self.data.columns)
        return table

    def _with(self, data: Any, params: Mapping[str, float]) -> tuple[BoundModel, Table]:
        table = self.read(data)
        return self.bind_to([name for name in table.columns if name != self.output], params), table


def _restore(
    source: Source, declared: Declared, specs: Mapping[str, ParameterSpec], rest: Mapping[str, Any]
) -> Model:
    return Model.from_parts(source, declared, specs, **rest)


def columns_for_inputs(model: Model, table: Table, y: Any) -> list[str]:
    """Give the columns that may be inputs: all but the one that is fitted."""
    if y is None and model.bound.response is None:
        y = "y"  # what is fitted where nothing else is said
    taken = y if isinstance(y, str) and y != model.output else None
    return [name for name in table.columns if name != taken]
