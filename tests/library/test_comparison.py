"""What several seeds allow one to say."""

import numpy as np
import pytest

from lrcourse.comparison import Comparison, holm, paired_difference, student


@pytest.mark.parametrize(
    ("confidence", "degrees", "t"),
    # The two-sided quantiles of the tables in every statistics book.
    [(0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 10, 2.228), (0.99, 4, 4.604), (0.9, 29, 1.699)],
)
def test_student_agrees_with_the_tables(confidence, degrees, t):
    assert student(confidence, degrees) == pytest.approx(t, abs=6e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(500):
        seeds = generator.normal(size=5)  # what both settings share with a seed
        first = seeds + generator.normal(0.3, 0.1, 5)
        second = seeds + generator.normal(0.0, 0.1, 5)
        difference = paired_difference(first, second)
        held += difference.low <= 0.3 <= difference.high
    assert 465 <= held <= 485


def test_pairing_sees_through_what_the_seeds_share():
    seeds = np.array([0.0, 10.0, 20.0, 30.0])
    assert paired_difference(seeds + [0.1, 0.12, 0.09, 0.11], seeds).told_apart


def test_equal_results_cannot_be_told_apart():
    difference = paired_difference([1.0, 2.0], [1.0, 2.0])
    assert difference.mean == difference.low == difference.high == 0
    assert not difference.told_apart
    # Nor can the rounding of the largest of them: in exact numbers the mean is a zero.
    assert paired_difference([300_000.00000000006, 1.0], [300_000.0, 1.0]).mean == 0


def test_the_table_of_means_has_what_numpy_computes_for_each_setting():
    values = np.array([1.0, 2.0, 4.0])
    rows = Comparison({"a": values, "b": -values}).means().rows
    expected = [3, values.mean(), values.std(ddof=1), 1.0, 4.0]
    assert rows[0] == ["a", *expected] and rows[1][1:4] == [3, -expected[1], expected[2]]


@pytest.mark.parametrize(
    # t and p of the tables; the last so small that 1 − (1 − p) would have no digit of it.
    ("t", "seeds", "p"),
    [(12.706, 2, 0.05), (2.776, 5, 0.05), (4.604, 5, 0.01), (20.0, 30, 1.6418e-18)],
)
def test_p_agrees_with_the_tables(t, seeds, p):
    steps = np.arange(seeds) - (seeds - 1) / 2
    values = steps / steps.std(ddof=1) * seeds**0.5 + t  # mean t, standard error 1
    compared = Comparison({"a": values, "b": np.zeros(seeds)})
    assert compared.chances["a", "b"] == pytest.approx(p, rel=2e-3, abs=0)


def test_holm_agrees_with_the_example_worked_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, which may not fall.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]


def test_among_six_equal_settings_one_is_told_apart_no_oftener_than_was_said():
    generator = np.random.default_rng(0)
    mistaken = alone = 0
    for _ in range(100):
        compared = Comparison({str(name): generator.normal(size=6) for name in range(6)})
        mistaken += any(compared.told_apart(*pair) for pair in compared.differences)
        alone += any(each.told_apart for each in compared.differences.values())
    assert mistaken <= 10 and alone > 30  # 5 % of 100 and its spread; without Holm, far more


def test_a_statement_says_which_settings_cannot_be_told_apart():
    seeds = np.random.default_rng(0).normal(size=8)
    compared = Comparison(
        {"tail": seeds, "shuffled": seeds + 1e-3 * seeds**2, "stratified": seeds + 5}
    )
    assert compared.told_apart("stratified", "tail") and compared.told_apart("tail", "stratified")
    assert not compared.told_apart("tail", "tail")
    said = compared.statement()
    assert said == "2 of 3 pairs can be told apart. Not told apart: tail and shuffled."
    assert compared.pairs().column("p") == list(compared.chances.values())
    verdicts = dict(zip(compared.differences, compared.pairs().column("told apart"), strict=True))
    assert verdicts == {
        pair: "no" if set(pair) == {"tail", "shuffled"} else "yes" for pair in verdicts
    }
    with pytest.raises(ValueError, match="setting must be one of tail, shuffled, stratified"):
        compared.told_apart("tail", "head")


def test_pairs_that_are_alike_are_listed_and_the_others_counted(language):
    said = Comparison({"1": [1.0, 2.0], "2": [1.0, 2.1], "3": [1.1, 2.0]}).statement()
    english = "0 of 3 pairs can be told apart. Not told apart: 1 and 2; 1 and 3; 2 and 3."
    assert said == english if language == "en" else said.endswith("1 与 2；1 与 3；2 与 3。")
    for distance in (1.0, 2.0):  # the same for every seed: no chance at all
        compared = Comparison({"1": [1.0, 2.0], "2": [1.0 + distance, 2.0 + distance]})
        assert compared.chances["1", "2"] == 0
    assert language == "zh" or compared.statement() == "1 of 1 pairs can be told apart."


def test_a_statement_and_its_tables_speak_chinese(chinese):
    compared = Comparison({"tail": [1.0, 2.0], "stratified": [1.0, 2.1]})
    assert "共 1 对" in compared.statement()
    assert "能否区分" in compared.pairs().text() and "分层" in compared.means().text()
