"""The same network as a classifier: fitted to labels 0 and 1, and judged on points that it has not seen.

Run it from anywhere: python examples/two_layer_network/labels.py
"""

import numpy as np

import lambdaml_dsl as ld

HIDDEN = 4


def circles(count: int, seed: int) -> dict[str, np.ndarray]:
    """Draw points about two circles; the label is 1 for the inner one."""
    rng = np.random.default_rng(seed)
    label = np.arange(count) % 2
    radius, angle = np.where(label == 1, 0.5, 1.0), rng.uniform(0, 2 * np.pi, count)
    x0, x1 = radius * [np.cos(angle), np.sin(angle)] + rng.normal(0, 0.15, (2, count))
    return {"x0": x0, "x1": x1, "label": label}


def start(seed: int) -> dict[str, np.ndarray]:
    """Draw start values: from most of them the fit ends in a poor minimum, so several are tried."""
    rng = np.random.default_rng(seed)
    shapes = {"W1": (HIDDEN, 2), "b1": (HIDDEN,), "wf": (HIDDEN,)}
    return {name: rng.normal(0, 1, shape) for name, shape in shapes.items()}


def score(result: ld.FitResult) -> str:
    """Say of how many points the label is the more probable one."""
    shares = [((result.predict(data) > 0.5) == data["label"]).mean() for data in (train, fresh)]
    return "right in {:.1%} of the points, in {:.1%} of fresh ones".format(*shares)


train, fresh = circles(200, seed=1), circles(5000, seed=2)

print("a straight border:", score(ld.fit("label ~ sigmoid(w @ x + b)", train)))

# With labels the network has no minimum to converge to: where its border is right, steeper is always better
# still, and the weights would grow for ever. So the number of evaluations is limited, which also keeps the
# network from learning single points by heart; there are no standard errors then.
formula = "label ~ sigmoid(wf @ elu(W1 @ x + b1) + bf)"
fits = [ld.fit(formula, train, start=start(seed), max_evaluations=25) for seed in range(8)]
best = min(fits, key=lambda fit: fit.rss)
print("two layers:       ", score(best))
print("sums of squares of the eight starts:", *[f"{fit.rss:.2f}" for fit in fits])
print(best.message)
