"""Parameters that a search must place: against exhaustion, and against what gradients alone can do."""

import itertools
import pickle

import lmfit
import numpy as np
import pytest
from scipy.optimize import OptimizeWarning, curve_fit

import lambdaml_dsl as ld
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.program import unroll
from tests.oracles import breaks

STEP = "y ~ where(x < b, p, q)"
LINES = "y ~ where(x < b, a1 + k1*x, a2 + k2*x)"
THREE_LEVELS = "y ~ where(x < b1, p, where(x < b2, q, r))"
BOX = "y ~ p if abs(x - c) < w else q"
HINGE = "y ~ where(x < b, a + k1*(x - b), a + k2*(x - b))"


def draw_x(random, n):
    """Draw inputs: anywhere, evenly spaced, or with many ties; unsorted, on some scale."""
    kinds = (
        random.uniform(0, 10, n),
        random.permutation(np.linspace(0, 10, n)),
        random.integers(0, 12, n).astype(float),
    )
    x = kinds[random.integers(3)]
    return x * 10.0 ** random.integers(-3, 4) + random.choice([0, 0, 1000])


def every_place(name, x):
    return {
        "step": lambda: itertools.product(breaks.middles(x)),
        "lines": lambda: itertools.product(breaks.middles(x)),
        "three levels": lambda: itertools.combinations(breaks.middles(x), 2),
        "box": lambda: breaks.windows(x),
    }[name]()


CASES = {
    "step": (STEP, breaks.step, 40),
    "lines": (LINES, breaks.lines, 40),
    "three levels": (THREE_LEVELS, breaks.three_levels, 25),
    "box": (BOX, breaks.box, 25),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(12))
def test_the_lowest_of_all_places_is_found(name, seed):
    formula, design, most = CASES[name]
    random = np.random.default_rng(seed)
    n = int(random.integers(10, most))
    x = draw_x(random, n)
    weights = random.uniform(0.2, 5, n) if seed % 2 else np.ones(n)
    true = random.choice(list(every_place(name, x)))
    matrix = design(x, np.atleast_1d(true))
    y = matrix @ random.normal(0, 3, matrix.shape[1]) + random.uniform(0.05, 1) * random.normal(size=n)
    result = ld.fit(formula, {"x": x, "y": y}, weights=weights if seed % 2 else None)
    assert result.converged
    assert result.rss == pytest.approx(
        breaks.lowest(design, x, y, weights, every_place(name, x)), rel=1e-9, abs=1e-12 * float(y @ y)
    )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("formula", [HINGE, "y ~ a + k*x + m*max(x - b, 0)"])
def test_two_lines_that_meet_are_placed_where_they_fit_best(formula, seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(8, 40))
    x = random.uniform(0, 10, n) if seed % 2 else np.linspace(0, 10, n)
    y = 1 + 2 * random.normal() * x + 3 * random.normal() * np.maximum(x - random.uniform(2, 8), 0)
    y += random.uniform(0.05, 1) * random.normal(size=n)
    result = ld.fit(formula, {"x": x, "y": y}, start={"b": [-100.0, 3.0, 50.0][seed % 3]})
    assert result.converged
    assert result.by_search == ()
    best = breaks.lowest(breaks.hinge, x, y, np.ones(n), breaks.corners(x, y))
    assert result.rss <= best * (1 + 1e-7)


def noisy_step(n=60, place=6.3, seed=7):
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(0, 10, n))
    return x, np.where(x < place, 2.0, 5.0) + 0.3 * random.normal(size=n)


def noisy_corner(n=60, place=6.3, seed=7):
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(0, 10, n))
    return x, 1 + 2 * (x - place) - 2.5 * np.maximum(x - place, 0) + 0.2 * random.normal(size=n)


def step_function(x, b, p, q):
    return np.where(x < b, p, q)


@pytest.mark.parametrize("start", [3.0, -20.0])
def test_a_step_is_found_where_gradients_leave_it_at_its_start(start):
    x, y = noisy_step()
    result = ld.fit(STEP, {"x": x, "y": y}, start={"b": start, "p": 1, "q": 1})
    gap = np.diff(x).max()
    assert abs(result.values["b"] - 6.3) <= gap
    low, high = result.params["b"].between
    neighbours = x[x < 6.3].max(), x[x >= 6.3].min()
    assert (low, high) == neighbours
    assert result.values["b"] == (low + high) / 2

    peer = lmfit.Model(step_function).fit(y, x=x, b=start, p=1, q=1)
    assert peer.best_values["b"] == start
    with pytest.warns(OptimizeWarning, match="Covariance"):
        values, _ = curve_fit(step_function, x, y, p0=[start, 1, 1])
    assert values[0] == start
    assert peer.chisqr > 2 * result.rss
    assert np.sum((step_function(x, *values) - y) ** 2) > 2 * result.rss


def broken_line(x, b, a, k1, k2):
    return np.where(x < b, a + k1 * (x - b), a + k2 * (x - b))


def test_a_broken_line_is_found_where_gradients_leave_it_outside_of_the_data():
    x, y = noisy_corner()
    begin = {"b": 50.0, "a": 1, "k1": 1, "k2": 1}
    result = ld.fit(HINGE, {"x": x, "y": y}, start=begin)
    error = result.params["b"].stderr
    assert 0 < error < 0.1
    assert abs(result.values["b"] - 6.3) < 3 * error
    peer = lmfit.Model(broken_line).fit(y, x=x, **begin)
    assert not x.min() < peer.best_values["b"] < x.max()
    assert peer.chisqr > 10 * result.rss
    with pytest.warns(OptimizeWarning, match="Covariance"):
        values, _ = curve_fit(broken_line, x, y, p0=list(begin.values()))
    assert not x.min() < values[0] < x.max()


def test_two_lines_that_do_not_meet_are_found_where_gradients_leave_the_break_at_its_start():
    random = np.random.default_rng(3)
    x = np.linspace(0, 10, 80)
    y = np.where(x < 6.3, 1 + 0.5 * x, 8 - 0.7 * x) + 0.2 * random.normal(size=80)

    def function(x, b, a1, k1, a2, k2):
        return np.where(x < b, a1 + k1 * x, a2 + k2 * x)

    begin = {"b": 2.0, "a1": 1, "k1": 1, "a2": 1, "k2": 1}
    result = ld.fit(LINES, {"x": x, "y": y}, start=begin)
    assert abs(result.values["b"] - 6.3) <= x[1] - x[0]
    assert lmfit.Model(function).fit(y, x=x, **begin).best_values["b"] == 2.0
    with pytest.warns(OptimizeWarning, match="Covariance"):
        values, _ = curve_fit(function, x, y, p0=list(begin.values()))
    assert values[0] == 2.0


def test_what_the_result_says_of_a_step():
    x, y = noisy_step()
    result = ld.fit(STEP, {"x": x, "y": y}, start={"b": 3, "p": 1, "q": 1})
    left = x < result.values["b"]
    assert result.by_search == ("b",)
    assert result.free == ("p", "q")
    assert (result.n_fitted, result.dof) == (3, 57)
    assert result.params["b"].stderr is None
    assert result.params["b"].start == 3
    assert not result.params["b"].at_bound
    spread = result.rss / 57  # the breakpoint takes a degree of freedom
    assert result.params["p"].value == pytest.approx(y[left].mean(), rel=1e-12)
    assert result.params["p"].stderr == pytest.approx(np.sqrt(spread / left.sum()), rel=1e-12)
    assert result.params["q"].stderr == pytest.approx(np.sqrt(spread / (~left).sum()), rel=1e-12)
    assert result.aic == pytest.approx(60 * np.log(result.rss / 60) + 2 * 3, rel=1e-12)
    low, high = result.params["b"].between
    assert result.notes == (
        f"b only moves a step: found by search; the data place it between {low:.6g} and {high:.6g}.",
    )
    assert result.uncertainty_note == (
        "Standard errors are scaled by the residuals. They take b as found by search."
    )
    row = next(line for line in result.summary().splitlines() if line.startswith("b "))
    assert row.split() == ["b", f"{result.values['b']:#.8g}", "by", "search", "3"]
    assert len(result.history) == result.n_evaluations
    assert min(result.history) == pytest.approx(result.rss, rel=1e-12)
    assert result.residuals == pytest.approx(y - np.where(left, *list(result.values.values())[1:]), rel=1e-12)
    assert result.to_dict()["parameters"]["b"]["stderr"] is None
    again = pickle.loads(pickle.dumps(result))
    assert (again.notes, again.values, again.params["b"]) == (result.notes, result.values, result.params["b"])
    twice = ld.fit(STEP, {"x": x, "y": y}, start={"b": 3, "p": 1, "q": 1})
    assert (twice.values, twice.history) == (result.values, result.history)


def test_explain_says_what_only_moves_a_step():
    roles = (
        ld.Model("where(x < b, p, q)", inputs=["x"]).explain().partition("Roles\n")[2].partition("\n\n")[0]
    )
    assert "  steps       b moves a step only: a fit finds it by search" in roles.splitlines()
    two = ld.Model("a if b < x < c else d").explain()
    assert "  steps       b, c move a step only: a fit finds them by search\n" in two
    assert "steps" not in ld.Model("max(x - b, 0)").explain()


def test_digits_tell_the_ends_apart():
    x = 1.6e9 + np.arange(40) * 1e-3
    result = ld.fit(STEP, {"x": x, "y": np.where(x < x[17], 1.0, 2.0)})
    assert result.params["b"].between == (x[16], x[17])
    assert "between 1600000000.016 and 1600000000.017" in result.notes[1]


def test_where_every_row_is_on_one_side():
    x = np.arange(10.0)
    y = np.where(x < 4, 0.0, 0.0)
    above = ld.fit("y ~ a*x + where(x < b, 0, 5)", {"x": x, "y": y}, start={"b": 3})
    assert above.notes[-1] == "b only moves a step: found by search; the data place it above 9."
    assert above.params["b"].between == (9, np.inf)
    below = ld.fit("y ~ 1 + a*x + 5*(x < b)", {"x": x, "y": 1 + x}, start={"b": 3})
    assert "b only moves a step: found by search; the data place it below 0." in below.notes
    lost = ld.fit("y ~ a + 0*(x < b)", {"x": x, "y": y + x}, start={"b": 3})
    assert lost.values["b"] == 3
    assert "b only moves a step, but the data do not place it: any value fits these rows alike." in lost.notes


def test_an_exact_step():
    x = np.arange(12.0)
    result = ld.fit(STEP, {"x": x, "y": np.where(x < 7, 1.0, 3.0)})
    assert result.values == {"b": 6.5, "p": 1, "q": 3}
    assert result.rss == 0
    assert result.converged


def test_bounds_hold():
    x, y = noisy_step()
    result = ld.fit(STEP, {"x": x, "y": y}, bounds={"b": (2, 5)})
    assert 2 <= result.values["b"] <= 5
    inside = [(place,) for place in np.concatenate([[2.0], x[(x > 2) & (x < 5)] + 1e-9])]
    assert result.rss == pytest.approx(breaks.lowest(breaks.step, x, y, np.ones(60), inside), rel=1e-9)
    assert result.params["b"].between[1] == 5
    others = ld.fit(STEP, {"x": x, "y": y}, bounds={"p": (2.5, 9)})
    assert others.status is ld.Status.AT_BOUND
    assert others.values["p"] == 2.5
    assert others.free == ("q",)
    assert abs(others.values["b"] - 6.3) < 1
    corner = ld.fit(HINGE, dict(zip("xy", noisy_corner(), strict=True)), bounds={"b": (0, 4)})
    assert corner.status is ld.Status.AT_BOUND
    assert corner.values["b"] == 4


def test_a_fixed_breakpoint_stays():
    x, y = noisy_step()
    result = ld.fit(STEP, {"x": x, "y": y}, fixed={"b": 4.25})
    assert result.values["b"] == 4.25
    assert result.values["p"] == pytest.approx(y[x < 4.25].mean(), rel=1e-12)
    assert (result.by_search, result.n_fitted) == ((), 2)


def test_rows_without_weight_place_nothing():
    x, y = noisy_step()
    weights = np.ones(60)
    weights[(x > 5.5) & (x < 6.8)] = 0
    result = ld.fit(STEP, {"x": x, "y": y}, weights=weights)
    counted = x[weights > 0]
    assert result.params["b"].between == (counted[counted < 6.3].max(), counted[counted >= 6.3].min())


def test_sigma():
    x, y = noisy_step()
    sigma = np.where(x < 5, 0.3, 0.6)
    result = ld.fit(STEP, {"x": x, "y": y, "s": sigma}, sigma="s")
    best = breaks.lowest(breaks.step, x, y, 1 / sigma**2, itertools.product(breaks.middles(x)))
    assert result.rss == pytest.approx(best, rel=1e-9)
    left = x < result.values["b"]
    assert result.params["p"].stderr == pytest.approx(np.sum(1 / sigma[left] ** 2) ** -0.5, rel=1e-12)
    assert result.uncertainty_note == (
        "Standard errors are taken from sigma (column 's'), which is absolute. "
        "They take b as found by search."
    )


@pytest.mark.parametrize("size", [0.1, 1.0, 3.0])
def test_many_rows(size):
    n = 40_000
    random = np.random.default_rng(11)
    x = random.uniform(0, 10, n)
    y = np.where(x < 3.7, 2, 2 + size) + random.normal(size=n)
    result = ld.fit(STEP, {"x": x, "y": y})
    order = np.argsort(x)
    sums, k = np.cumsum(y[order])[:-1], np.arange(1, n)
    levels = y @ y - sums**2 / k - (y.sum() - sums) ** 2 / (n - k)
    best = int(np.argmin(levels))
    assert result.rss == pytest.approx(levels[best], rel=1e-11)
    assert result.params["b"].between == (x[order][best], x[order][best + 1])


def test_two_breakpoints_of_many_rows():
    n = 20_000
    random = np.random.default_rng(12)
    x = random.uniform(0, 10, n)
    y = np.where(np.abs(x - 4) < 1.5, 5.0, 1.0) + 0.5 * random.normal(size=n)
    result = ld.fit(BOX, {"x": x, "y": y})
    edges = np.sort(x)
    inside = edges[np.abs(edges - 4) < 1.5]
    low, high = result.values["c"] - result.values["w"], result.values["c"] + result.values["w"]
    assert ((x > low) & (x < high)).sum() == len(inside)
    assert result.values["p"] == pytest.approx(y[np.abs(x - 4) < 1.5].mean(), rel=1e-12)


def test_three_steps():
    random = np.random.default_rng(13)
    x = np.linspace(0, 10, 81)
    y = np.select([x < 2.03, x < 4.53, x < 8.03], [1.0, 3.0, 0.0], 2.0) + 0.2 * random.normal(size=81)
    formula = "y ~ p0*(x < b1) + p1*(b1 <= x < b2) + p2*(b2 <= x < b3) + p3*(x >= b3)"
    result = ld.fit(formula, {"x": x, "y": y})
    assert [result.values[name] for name in ("b1", "b2", "b3")] == pytest.approx([2.0625, 4.5625, 8.0625])


def test_a_vector_of_steps():
    random = np.random.default_rng(14)
    x = np.linspace(0, 10, 101)
    y = 1 + 2 * (x > 3.04) - 1.5 * (x > 6.24) + 0.1 * random.normal(size=101)
    start = {"k": [1.0, 1.0], "b": [4.0, 5.0]}
    result = ld.fit("y ~ a + sum(k*heaviside(x - b))", {"x": x, "y": y}, start=start)
    assert result.by_search == ("b[0]", "b[1]")
    assert np.sort(result.values["b"]) == pytest.approx([3.05, 6.25])
    bent = 1 + 2 * np.maximum(x - 3, 0) - 3 * np.maximum(x - 6.2, 0) + 0.1 * random.normal(size=101)
    corners = ld.fit("y ~ a + sum(k*relu(x - b))", {"x": x, "y": bent}, start=start)
    assert np.sort(corners.values["b"]) == pytest.approx([3, 6.2], abs=0.06)
    assert (corners.params["b"].stderr > 0).all()


def test_several_outputs_share_a_step():
    random = np.random.default_rng(15)
    x = np.linspace(0, 10, 60)
    u = np.where(x < 4, 1, 2) + 0.1 * random.normal(size=60)
    v = np.where(x < 4, -1, 0.5) + 0.1 * random.normal(size=60)
    result = ld.fit("[u, v] ~ [where(x < b, p, q), where(x < b, s, t)]", {"x": x, "u": u, "v": v})
    assert result.params["b"].between == (x[x < 4].max(), x[x >= 4].min())
    assert result.values["t"] == pytest.approx(v[x >= 4].mean(), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_outputs_decides_nothing(seed):
    """In one output b moves a step alone, in the other a bend: together it is fitted."""
    random = np.random.default_rng(seed)
    t = np.linspace(0, 10, 50)
    u = 2 * (t > 4.1) + 0.1 * random.normal(size=50)
    v = 3 * np.maximum(t - 4.1, 0) + 0.1 * random.normal(size=50)
    data = {"t": t, "u": u, "v": v}
    one = ld.fit("[u, v] ~ [a*heaviside(t - b), c*relu(t - b)]", data)
    other = ld.fit("[v, u] ~ [c*relu(t - b), a*heaviside(t - b)]", data)
    assert one.converged
    assert one.by_search == other.by_search == ()
    assert one.rss == pytest.approx(other.rss, rel=1e-12)
    assert one.values == pytest.approx(other.values, rel=1e-9)
    for name in "abc":
        assert one.params[name].stderr == pytest.approx(other.params[name].stderr, rel=1e-6)
    after = t > 4.1
    slope, offset = np.polyfit(t[after], v[after], 1)
    assert one.values["c"] == pytest.approx(slope, rel=1e-6)
    assert one.values["b"] == pytest.approx(-offset / slope, rel=1e-6)


def moved_smoothly(name, low, high):
    return (
        f"{name} moves a step, and the model smoothly too: found by search; the data place it "
        f"between {low:.6g} and {high:.6g}."
    )


@pytest.mark.parametrize("seed", range(4))
def test_an_onset_lies_between_two_rows_and_the_others_keep_their_errors(seed):
    """Between two rows the amplitude can undo every move of the onset."""
    random = np.random.default_rng(seed)
    x = np.linspace(0, 10, 80)
    y = 0.5 + np.where(x < 3.3, 0, 4 * np.exp(-(x - 3.3) / 2)) + 0.1 * random.normal(size=80)
    result = ld.fit("y ~ y0 + where(x < t0, 0, A*exp(-(x - t0)/tau))", {"x": x, "y": y})
    assert result.converged
    assert result.by_search == ("t0",)
    low, high = result.params["t0"].between
    assert (low, high) == (x[x < 3.3].max(), x[x >= 3.3].min())
    assert result.values["t0"] == pytest.approx((low + high) / 2, rel=1e-12)
    assert result.params["t0"].stderr is None
    assert moved_smoothly("t0", low, high) in result.notes
    assert result.uncertainty_note.endswith("They take t0 as found by search.")
    held = ld.fit(
        "y ~ y0 + where(x < t0, 0, A*exp(-(x - t0)/tau))",
        {"x": x, "y": y},
        fixed={"t0": result.values["t0"]},
    )
    assert result.rss == pytest.approx(held.rss, rel=1e-12)
    assert (result.dof, held.dof) == (76, 77)
    for name in ("y0", "A", "tau"):
        assert result.values[name] == pytest.approx(held.values[name], rel=1e-7)
        error = held.params[name].stderr * np.sqrt(77 / 76)  # the onset takes a degree of freedom
        assert result.params[name].stderr == pytest.approx(error, rel=1e-6)
    again = pickle.loads(pickle.dumps(result))
    assert (again.notes, again.values) == (result.notes, result.values)


def test_a_budget_that_ends_while_an_onset_is_held():
    random = np.random.default_rng(1)
    x = np.linspace(0, 10, 40)
    y = 0.5 + np.where(x < 3.3, 0, 4 * np.exp(-(x - 3.3) / 2)) + 0.1 * random.normal(size=40)
    formula = "y ~ y0 + where(x < t0, 0, A*exp(-(x - t0)/tau))"
    whole = ld.fit(formula, {"x": x, "y": y})
    for fewer in (1, 3, 10):
        result = ld.fit(formula, {"x": x, "y": y}, max_evaluations=whole.n_evaluations - fewer)
        assert result.status is ld.Status.BUDGET
        assert result.by_search == ()
        assert result.rss == pytest.approx(whole.rss, rel=1e-9)
        assert np.sum((y - result.predict()) ** 2) == pytest.approx(result.rss, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_two_lines_about_a_break_that_do_not_meet(weighted):
    random = np.random.default_rng(4)
    x = np.sort(random.uniform(0, 10, 70))
    y = np.where(x < 3.3, 1 + 0.5 * (x - 3.3), 3 - 0.4 * (x - 3.3)) + 0.1 * random.normal(size=70)
    weights = random.uniform(0.5, 2, 70) if weighted else np.ones(70)
    formula = "y ~ where(x < b, a1 + k1*(x - b), a2 + k2*(x - b))"
    result = ld.fit(formula, {"x": x, "y": y}, weights=weights)
    assert result.converged
    assert result.by_search == ("b",)
    assert result.params["b"].between == (x[x < 3.3].max(), x[x >= 3.3].min())
    best = breaks.lowest(breaks.lines, x, y, weights, every_place("lines", x))
    assert result.rss == pytest.approx(best, rel=1e-9)
    for side, level, slope in ((x < 3.3, "a1", "k1"), (x >= 3.3, "a2", "k2")):
        design = np.stack([np.ones(side.sum()), x[side] - result.values["b"]], axis=1)
        root = np.sqrt(weights[side])
        inverse = np.linalg.inv((design * root[:, None]).T @ (design * root[:, None]))
        errors = np.sqrt(np.diagonal(inverse) * result.rss / 65)
        assert result.params[level].stderr == pytest.approx(errors[0], rel=1e-7)
        assert result.params[slope].stderr == pytest.approx(errors[1], rel=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_a_jump_that_fits_best_next_to_a_row(seed):
    """The best parabola may want its vertex beyond the interval; then the best place is at its end."""
    random = np.random.default_rng(seed)
    x = np.linspace(0, 10, 80)
    y = np.where(x < 3.3, 1, 3 + 0.2 * (x - 3.3) ** 2) + 0.1 * random.normal(size=80)
    result = ld.fit("y ~ where(x < b, g, a + c*(x - b)^2)", {"x": x, "y": y})
    assert result.converged
    assert result.by_search == ("b",)
    low, high = x[x < 3.3].max(), x[x >= 3.3].min()
    assert result.params["b"].between == (low, high)
    assert low <= result.values["b"] <= high
    assert all(result.params[name].stderr > 0 for name in "gac")

    def level(place):
        after = x > low
        design = np.stack([~after, after, after * (x - place) ** 2], axis=1).astype(float)
        return float(np.sum((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2))

    assert result.rss == pytest.approx(min(map(level, np.linspace(low, high, 4001))), rel=1e-6)
    assert result.rss == pytest.approx(level(result.values["b"]), rel=1e-9)


def test_a_jump_that_a_standard_error_places_better_than_its_rows_do():
    random = np.random.default_rng(5)
    x = np.linspace(0, 10, 21)
    y = np.where(x < 3.2, 1, 4 + 3 * (x - 3.2) ** 2) + 0.01 * random.normal(size=21)
    result = ld.fit("y ~ where(x < b, g, a + c*(x - b)^2)", {"x": x, "y": y})
    assert result.by_search == ()
    assert abs(result.values["b"] - 3.2) < 4 * result.params["b"].stderr < 0.1


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ a + k1*(x - b) if x < b else a + k2*(x - b)",
        "y ~ a + k1*x + k2*max(x - b, 0)",
        "y ~ a + k1*x + k2*max(x - b, 0)^0.7",
    ],
)
@pytest.mark.parametrize("place", [3.3, 5.0])
def test_what_is_continuous_keeps_its_standard_error(formula, place):
    random = np.random.default_rng(6)
    x = np.linspace(0, 10, 41)
    power = 0.7 if "^" in formula else 1
    y = 1 + x - 2 * np.maximum(x - place, 0) ** power + 0.3 * random.normal(size=41)
    result = ld.fit(formula, {"x": x, "y": y})
    assert result.converged
    assert result.by_search == ()
    assert result.params["b"].stderr > 0


def test_data_that_are_0_on_one_side():
    """The best value of a parameter may be 0, or next to it by rounding: it has influence all the same."""
    x = np.linspace(-3, 5, 80)
    step, ramp = 1.0 * (x > 1.02), np.maximum(x - 1.02, 0)
    for formula, y, expected in (
        ("y ~ low + rise*heaviside(x - b)", step, {"low": 0, "rise": 1}),
        ("y ~ where(x < b, p, q)", step, {"p": 0, "q": 1}),
        ("y ~ a + d*relu(x - b)", ramp, {"a": 0, "d": 1, "b": 1.02}),
    ):
        for start in ({}, dict.fromkeys(expected, 0.0) | {"b": 0.5}):
            result = ld.fit(formula, {"x": x, "y": y}, start=start)
            assert result.status is ld.Status.CONVERGED
            for name, value in expected.items():
                assert result.values[name] == pytest.approx(value, abs=1e-12)
                assert 0 <= result.params[name].stderr < 1e-12


def test_the_others_may_be_nonlinear():
    random = np.random.default_rng(16)
    x = np.linspace(0, 10, 90)
    y = np.where(x > 2.2, 5 * np.exp(-x / 3), 0) + 0.05 * random.normal(size=90)
    result = ld.fit("y ~ A*exp(-x/tau)*(x > b)", {"x": x, "y": y})
    assert result.params["b"].between == (x[x <= 2.2].max(), x[x > 2.2].min())
    after = x > 2.2
    values, _ = curve_fit(lambda x, A, tau: A * np.exp(-x / tau), x[after], y[after], p0=[5, 3])
    assert (result.values["A"], result.values["tau"]) == pytest.approx(tuple(values), rel=1e-6)


def test_a_peak_with_a_cusp_is_found_from_afar():
    random = np.random.default_rng(17)
    x = np.linspace(0, 10, 80)
    y = 3 * np.exp(-np.abs(x - 6) / 0.4) + 1 + 0.1 * random.normal(size=80)
    result = ld.fit("y ~ A*exp(-abs(x - mu)/s) + c", {"x": x, "y": y})
    assert result.converged
    assert abs(result.values["mu"] - 6) < 4 * result.params["mu"].stderr < 0.1


def test_a_corner_on_a_row_is_a_minimum():
    """To both sides of the best break the sum of squares rises with a slope of its own."""
    x = np.arange(9.0)
    y = np.array([0.0, 1, 2, 3, 4.6, 3, 2, 1, 0])
    result = ld.fit("y ~ a - k*abs(x - b)", {"x": x, "y": y}, start={"b": 2.3})
    assert result.values["b"] == 4
    assert result.converged
    assert result.params["b"].stderr > 0
    design = breaks.hinge
    best = min(breaks.level(design, x, y, np.ones(9), (place,)) for place in np.linspace(0, 8, 801))
    assert result.rss >= best * (1 - 1e-9)


@pytest.mark.parametrize(
    ("formula", "true", "function"),
    [
        ("y ~ where(x < exp(b), p, q)", 1.45, lambda x, b: x < np.exp(b)),
        ("y ~ p + q*floor(x/b)", 2.32, lambda x, b: np.floor(x / b)),
        ("y ~ where(x*x < b, p, q)", 17.8, lambda x, b: x * x < b),
        ("y ~ where(b*b < x, p, q)", 2.07, lambda x, b: b * b < x),
    ],
)
def test_a_breakpoint_that_the_test_is_not_linear_in(formula, true, function):
    random = np.random.default_rng(18)
    x = random.permutation(np.linspace(0.05, 10, 80))
    pattern = function(x, true)
    y = 1 + 2 * pattern + 0.1 * random.normal(size=80)
    result = ld.fit(formula, {"x": x, "y": y})
    assert np.array_equal(function(x, result.values["b"]), pattern)
    low, high = result.params["b"].between
    for inside, outside in ((low + 1e-9, low - 1e-9), (high - 1e-9, high + 1e-9)):
        assert np.array_equal(function(x, inside), pattern)
        assert not np.array_equal(function(x, outside), pattern)


def test_a_periodic_step_is_placed_near_its_start():
    x = np.linspace(0, 10, 80)
    y = 1 + 2 * np.floor(x - 0.3)
    result = ld.fit("y ~ a + k*floor(x - b)", {"x": x, "y": y}, bounds={"b": (0, 1)})
    assert result.rss < 1e-20
    assert np.array_equal(np.floor(x - result.values["b"]), np.floor(x - 0.3))


def test_an_equality_picks_out_its_rows():
    x = np.linspace(0, 10, 50)
    y = np.where(x == x[33], 4.0, 3.0) + 0.1 * np.sin(37 * x)
    result = ld.fit("y ~ where(x == b, p, q)", {"x": x, "y": y})
    assert result.values["b"] == x[33]
    assert f"b only moves a step: found by search; the data place it at {x[33]:.6g}." in result.notes


@pytest.mark.parametrize(
    "formula",
    ["y ~ where(x > t, 1, 2)*a", "y ~ a if x < t else 2*a", "y ~ a*round(t*x)", "y ~ a + floor(t*x)"],
)
def test_no_breakpoint_is_left_at_its_start(formula):
    data = {"x": [1.0, 2, 3, 4], "y": [1.0, 1, 2, 2]}
    result = ld.fit(formula, data, start={"t": 2.5})
    held = ld.fit(formula, data, fixed={"t": 2.5})
    assert held.converged
    assert result.rss <= held.rss
    assert result.by_search == ("t",)
    assert result.params["t"].stderr is None


def test_only_steps():
    x, y = noisy_step()
    result = ld.fit("y ~ where(x < b, 2, 5)", {"x": x, "y": y})
    assert result.converged
    assert result.params["b"].between == (x[x < 6.3].max(), x[x >= 6.3].min())
    assert (result.covariance, result.free, result.method) == (None, (), "search")
    assert result.uncertainty_note == (
        "No standard errors: no parameter is left that moves the model smoothly."
    )


def test_a_used_up_budget():
    x, y = noisy_step()
    for budget in (1, 2, 25, 60):
        result = ld.fit(STEP, {"x": x, "y": y}, max_evaluations=budget)
        assert result.status is ld.Status.BUDGET
        assert result.n_evaluations == budget
        assert result.rss == pytest.approx(min(result.history), rel=1e-12)
        assert result.params["b"].between is None
        assert np.sum((y - result.predict()) ** 2) == pytest.approx(result.rss, rel=1e-12)
    assert ld.fit(STEP, {"x": x, "y": y}, max_evaluations=1000).converged


@pytest.mark.parametrize("rows", [60, 5000])
@pytest.mark.parametrize("k", [1, 5, 60])
def test_an_interrupt_gives_the_best_so_far(monkeypatch, rows, k):
    x, y = noisy_step(rows)
    calls = itertools.count()
    evaluation = SquaredResiduals.evaluation

    def interrupted(self, parameters):
        if parameters == () and next(calls) == k:
            raise KeyboardInterrupt
        return evaluation(self, parameters)

    monkeypatch.setattr(SquaredResiduals, "evaluation", interrupted)
    result = ld.fit(STEP, {"x": x, "y": y})
    monkeypatch.undo()
    assert result.status is ld.Status.INTERRUPTED
    assert result.params["b"].between is None
    assert np.sum((y - result.predict()) ** 2) == pytest.approx(result.rss, rel=1e-12)
    assert result.uncertainty_note == "No standard errors: the fit did not converge."


def test_places_where_the_model_is_not_finite_are_passed_over():
    x = np.linspace(0.5, 10, 40)
    y = np.where(x < 6, np.sqrt(x), 1.0)
    result = ld.fit("y ~ where(x < b, a*sqrt(x), q*log(x - 3))", {"x": x, "y": y + 0.0}, start={"b": 9})
    assert result.converged
    assert result.values["b"] > 3
    assert np.isfinite(result.rss)


def test_a_start_where_the_model_is_not_finite_is_an_error():
    x = np.linspace(0.5, 10, 40)
    with pytest.raises(ld.EvaluationError, match=r"where x = 0\.5"):
        ld.fit("y ~ where(x < b, a*sqrt(x), q*log(x - 3))", {"x": x, "y": x}, start={"b": 0.1})


def test_too_large_a_model_is_refused(monkeypatch):
    monkeypatch.setattr(unroll, "MOST_NUMBERS", 5)
    x = np.linspace(0, 1, 9)
    with pytest.raises(ld.OptionError) as caught:
        ld.fit("y ~ sum(k*heaviside(x - brk))", {"x": x, "y": x}, start={"k": [1, 2], "brk": [0.2, 0.5]})
    assert str(caught.value) == (
        "'brk' only moves a step of the model, which is too large for a search of its place\n"
        "Hold it, fixed={'brk': value}, and compare the rss of several values."
    )


def test_switches_within_switches_take_bounded_time():
    x = np.linspace(0, 10, 50)
    y = (x > 4) + np.random.default_rng(0).normal(0, 0.1, 50)
    levels = [f"v{k + 1} = where(v{k} > t, v{k}, -v{k})" for k in range(40)]
    text = "\n".join(["v0 = x", *levels, "y ~ a + b*v40"])
    assert ld.fit(text, {"x": x, "y": y}, max_evaluations=2000).n_evaluations <= 2000
