"""Images, factors, edge: what a run of them is, and what their records say."""

import numpy as np
import pytest
from test_experiments import as_recorded, full_run

from lrcourse.book import records
from lrcourse.datasets import Dataset, digits
from lrcourse.experiments import edge, factors, images
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD

# Images.


def test_the_published_schedules_are_those_of_the_source():
    rates = {name: make(157).learning_rate for name, make in images.PUBLISHED.items()}
    assert all(rates[name] == 0.1 for name in images.SCHEDULES)
    step = images.PUBLISHED["step decay"](157)
    for epoch, rate in [(0, 0.1), (8, 0.1), (9, 0.05), (19, 0.025), (99, 0.1 / 2**10)]:
        step.updates = 157 * epoch
        assert step.learning_rate == pytest.approx(rate)


@pytest.mark.parametrize("method", images.SCHEDULES)
def test_on_equal_terms_a_schedule_ends_where_the_published_one_does_after_100_epochs(method):
    published, ours = images.PUBLISHED[method](157), images.equal_terms(method, [0.1], 1000)
    assert ours.momentum == images.MOMENTUM
    published.updates, ours.updates = 15_700, 1000
    assert ours.learning_rate[0] == pytest.approx(published.learning_rate, rel=1e-6)


def test_the_tuned_rate_is_the_best_of_those_searched_and_the_test_set_has_no_say_in_it():
    record = records.load("images", "quick")
    for method in record.labels["method"]:
        rates, losses, chosen = (
            record.values(result, terms="equal", method=method)
            for result in ("searched_rates", "searched_loss", "learning_rate")
        )
        best = np.take_along_axis(rates, losses.argmin(axis=1)[:, np.newaxis], axis=1)
        assert chosen == pytest.approx(best[:, 0])


def test_the_conclusions_compare_the_methods_that_they_name():
    record = records.load("images", "quick")
    table = images.conclusions(record)
    found = images.accuracies(record, "equal")
    adaptive = np.mean([found[name] for name in images.ADAPTIVE], axis=0)
    schedules = np.mean([found[name] for name in images.SCHEDULES], axis=0)
    assert table.column("difference")[2] == pytest.approx((adaptive - schedules).mean())


# Factors.


def test_the_best_rate_lies_where_a_parabola_through_three_losses_is_lowest():
    grid = np.log([0.01, 0.1, 1.0, 10.0])
    losses = np.exp((grid - np.log(0.2)) ** 2)
    assert np.exp(factors._lowest(grid, losses)) == pytest.approx(0.2)
    assert factors._lowest(grid, losses[::-1] * [1, 1, np.inf, 1]) == grid[1]
    assert factors._lowest(grid, np.array([1.0, 2.0, 3.0, np.inf])) == grid[0]


def test_rates_are_as_good_as_the_best_as_far_as_no_other_is_told_apart_in_between():
    seeds = np.array([0.1, 0.2, 0.3])
    alike, worse = seeds + [0.01, -0.01, 0.01], seeds + 1
    assert factors._tied(np.transpose([alike, worse, alike, seeds, alike, np.inf * seeds]), 3) == (
        2,
        4,
    )


def rows(**chosen):
    settings = {"rows": 256, "validation_rows": 300}
    chosen = {name.replace("_", " "): level for name, level in chosen.items()}
    return factors._rows(digits(), settings, factors.BASE | chosen, seed=1)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_both_sides_have_the_share_of_positives(share):
    data = rows(share_of_positives=share)
    assert np.concatenate([data.y_train, data.y_validation]).mean() == pytest.approx(
        share, abs=0.01
    )
    assert abs(data.y_train.mean() - data.y_validation.mean()) < 0.1


def test_a_level_changes_the_rows_that_it_says():
    assert len(rows(rows=4).x_train) == 1024 and len(rows(rows=4).x_validation) == 300
    assert set(rows(classes=5).y_train) == {0, 1, 2, 3, 4}
    assert rows(input_scale=4.0).x_train == pytest.approx(4 * rows().x_train)
    assert rows(kind_of_network="convolutional").x_train.shape == (256, 1, 8, 8)
    same = rows(kind_of_network="autoencoder")
    assert same.x_train is same.y_train


def test_mnist_is_taken_with_a_quarter_of_its_pixels():
    image = np.arange(784.0).reshape(28, 28)
    small = factors._small(Dataset(image.reshape(1, -1), np.zeros(1), "mnist"))
    assert small.x[0, [0, 1, 14]] == pytest.approx(
        [image[:2, :2].mean(), image[:2, 2:4].mean(), image[2:4, :2].mean()]
    )


@pytest.mark.parametrize("factor", factors.EXPERIMENT.sizes["full"]["levels"])
def test_every_factor_can_be_run(factor):
    settings = factors.EXPERIMENT.sizes["quick"] | {"learning_rates": [0.01, 0.1], "epochs": 4}
    levels = factors.EXPERIMENT.sizes["full"]["levels"][factor]
    for level in (each for each in levels if factor != "classes" or each == 5):
        if level != 512:  # more than there are rows
            losses = factors.train(settings, 0, factor, level)["validation_loss"]
            assert losses.shape == (2,) and np.isfinite(losses).all()


def test_inputs_four_times_as_large_want_a_smaller_rate_and_larger_batches_a_larger_one():
    table = factors.rules(records.load("factors", "quick"))
    ratio = dict(zip(table.column("what is changed"), table.column("ratio"), strict=True))
    assert ratio["input scale"] < 0.5
    assert ratio["batch size"] > 2


# Edge.


def linear_regression(runs=2):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(20, 3)), generator.normal(size=(20, 1))
    network = MultilayerPerceptron([3, 1], loss="squared_error")
    parameters = network.initialize(runs, seed=1)
    with_ones = np.column_stack([x, np.ones(20)])
    return network, parameters, x, y, 2 / 20 * with_ones.T @ with_ones


def test_the_sharpness_of_linear_regression_is_the_largest_eigenvalue_of_its_hessian():
    network, parameters, x, y, hessian = linear_regression()
    start = edge._random_direction(parameters, seed=0)
    product = edge.hessian_product(network, parameters, x, y, start)
    assert product == pytest.approx(start @ hessian, rel=1e-6)
    sharpness, direction = edge.largest_curvature(network, parameters, x, y, start, 200)
    values, vectors = np.linalg.eigh(hessian)
    assert sharpness == pytest.approx(values[-1], rel=1e-6)
    assert abs(direction @ vectors[:, -1]) == pytest.approx(1, rel=1e-6)


def test_a_run_that_diverged_has_no_sharpness_and_does_not_touch_the_others():
    network, parameters, x, y, hessian = linear_regression()
    for parameter in parameters:
        parameter[0] = np.nan
    start = edge._random_direction(parameters, seed=0)
    sharpness, direction = edge.largest_curvature(network, parameters, x, y, start, 200)
    assert np.isnan(sharpness[0]) and np.isfinite(direction).all()
    assert sharpness[1] == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-6)


def test_on_a_quadratic_the_edge_is_where_descent_stops_to_converge():
    network, parameters, x, y, hessian = linear_regression(runs=2)
    edge_rate = 2 / np.linalg.eigvalsh(hessian)[-1]
    optimizer = SGD(np.array([0.95, 1.05]) * edge_rate)
    before = network.loss_and_accuracy(parameters, x, y)[0]
    for _ in range(200):
        optimizer.step(parameters, network.gradients(parameters, x, y))
    after = network.loss_and_accuracy(parameters, x, y)[0]
    assert after[0] < before[0] and after[1] > before[1]


def test_with_the_squared_error_large_rates_end_at_the_edge_and_small_ones_below_it():
    record = records.load("edge", "quick")
    rates = np.array(record.settings["learning_rates"]["squared_error"])
    share = record.values("sharpness", loss="squared_error")[:, :, -3:].mean(axis=2) * rates / 2
    assert share[:, -1] == pytest.approx(1, abs=0.1)
    assert (share[:, 0] < 0.5).all()


def test_five_rates_end_at_the_edge_within_two_percent_and_with_the_cross_entropy_none_does():
    table = edge.summary(records.load("edge"))
    columns = ("loss", "learning rate", "share of 2/rate")
    for loss, rate, share in zip(*map(table.column, columns), strict=True):
        if loss == "squared_error":
            assert share == pytest.approx(1, abs=0.02) if rate >= 1 else share < 0.6
        else:
            assert share < 0.02


# Samples of the full size.


def test_a_sample_of_the_full_edge_gives_what_is_recorded():
    results, recorded = full_run("edge", {"epochs": 50}, loss="softmax_cross_entropy")
    as_recorded(results, {name: np.array(v, float)[:, :2] for name, v in recorded.items()})


def test_a_sample_of_the_full_factors_gives_what_is_recorded(real):
    results, recorded = full_run("factors", factor="rows", level=0.25)
    some = slice(9)  # the losses of large rates in float32 are another processor's own
    for name, values in results.items():
        assert values[some] == pytest.approx(np.array(recorded[name], float)[some], rel=1e-3)


def test_a_sample_of_the_full_images_gives_what_is_recorded(real):
    results, recorded = full_run("images", {"epochs": 2}, terms="published", method="Adam")
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        assert results[name] == pytest.approx(recorded[name][:2], rel=2e-2)
