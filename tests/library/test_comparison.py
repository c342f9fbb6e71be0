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
    assert paired_difference(seeds + [0.1, 0.12, 0.09, 0.11], seeds).outcome == "higher"


def test_the_same_results_are_equal_within_any_margin_and_undecided_without_one():
    difference = paired_difference([1.0, 2.0], [1.0, 2.0])
    assert difference.mean == difference.low == difference.high == 0
    assert difference.outcome == "undecided"
    with pytest.raises(ValueError, match="no number of seeds decides"):
        difference.seeds_to_decide()
    assert paired_difference([1.0, 2.0], [1.0, 2.0], margin=1e-9).outcome == "equal"
    # Nor does the rounding of the largest of them count: in exact numbers the mean is a zero.
    assert paired_difference([300_000.00000000006, 1.0], [300_000.0, 1.0]).mean == 0


@pytest.mark.parametrize(
    # With t = 12.706 for two seeds, the interval is the mean ± 12.706 times its error.
    ("first", "margin", "outcome"),
    [
        ([1.0, 1.1], 0, "higher"),
        ([-1.0, -1.1], 0, "lower"),
        ([1.0, 1.5], 0, "undecided"),
        ([1.0, 1.1], 1.7, "equal"),  # 0.41 to 1.69: beyond zero, and no difference that counts
        ([1.0, 1.1], 1.6, "higher"),
        ([-0.1, 0.1], 1.2, "undecided"),  # −1.27 to 1.27
        ([-0.1, 0.1], 1.3, "equal"),
    ],
)
def test_the_outcome_is_read_off_the_interval_and_the_margin(first, margin, outcome):
    assert paired_difference(first, [0.0, 0.0], margin).outcome == outcome


@pytest.mark.parametrize(("mean", "margin"), [(0.3, 0), (0.1, 0.8), (0.0, 0.5), (0.7, 0.8)])
def test_as_many_seeds_as_would_decide_do_and_one_less_does_not(mean, margin):
    def of(seeds):
        steps = np.arange(seeds) - (seeds - 1) / 2
        return paired_difference(mean + steps / steps.std(ddof=1), np.zeros(seeds), margin)

    enough = of(5).seeds_to_decide()
    assert of(enough).outcome != "undecided" and of(enough - 1).outcome == "undecided"


def test_settings_are_called_equal_by_mistake_no_oftener_than_was_said():
    generator = np.random.default_rng(0)
    mistaken = 0
    for _ in range(400):  # they differ by the margin
        results = {"a": generator.normal(size=20), "b": generator.normal(1, 1, 20)}
        mistaken += Comparison(results, margin=1.0).outcome("a", "b") == "equal"
    assert 0 < mistaken <= 20  # one side of 5 % is 10, and its spread


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


def test_among_six_equal_settings_a_difference_is_seen_no_oftener_than_was_said():
    generator = np.random.default_rng(0)
    mistaken = alone = 0
    for _ in range(100):
        results = {str(name): generator.normal(size=6) for name in range(6)}
        compared = Comparison(results)
        mistaken += any(each != "undecided" for each in compared.outcomes.values())
        alone += any(each.outcome != "undecided" for each in compared.differences.values())
    assert mistaken <= 10 and alone > 30  # 5 % of 100 and its spread; without Holm, far more


def test_a_statement_says_which_settings_are_equal_and_which_undecided():
    seeds = np.random.default_rng(0).normal(size=8)
    compared = Comparison(
        {"tail": seeds, "shuffled": seeds + 1e-3 * seeds**2, "stratified": seeds + 5}, margin=0.1
    )
    assert compared.outcome("stratified", "tail") == "higher"
    assert compared.outcome("tail", "stratified") == "lower"
    assert compared.outcome("tail", "tail") == "equal"
    said = compared.statement()
    assert said == "Of 3 pairs 2 differ. Equal within 0.1: tail and shuffled."
    narrow = Comparison(compared.results)
    assert narrow.statement() == "Of 3 pairs 2 differ. Undecided: tail and shuffled."
    decide = narrow.pairs().column("runs to decide")
    assert decide[0] > 8 and decide[1:] == [None, None]
    with pytest.raises(ValueError, match="setting must be one of tail, shuffled, stratified"):
        compared.outcome("tail", "head")


def test_pairs_that_are_alike_are_listed_and_the_others_counted(language):
    said = Comparison({"1": [1.0, 2.0], "2": [1.0, 2.1], "3": [1.1, 2.0]}).statement()
    english = "Of 3 pairs 0 differ. Undecided: 1 and 2; 1 and 3; 2 and 3."
    assert said == english if language == "en" else said.endswith("1 与 2；1 与 3；2 与 3。")
    for distance in (1.0, 2.0):  # the same for every seed: no chance at all
        compared = Comparison({"1": [1.0, 2.0], "2": [1.0 + distance, 2.0 + distance]})
        assert compared.chances["1", "2"] == 0
    assert language == "zh" or compared.statement() == "Of 1 pairs 1 differ."


def test_a_statement_and_its_tables_speak_chinese(chinese):
    compared = Comparison({"tail": [1.0, 2.0], "stratified": [1.0, 2.1]})
    assert "1 对" in compared.statement() and "尚无定论" in compared.statement()
    assert "结论" in compared.pairs().text() and "分层" in compared.means().text()
