"""Ionosphere on a hundred fair splits: what a schedule adds to a rate and a momentum."""

from lrcourse.experiments import ionosphere
from lrcourse.experiments.questions import Question, experiment


def accuracies(data: str, standardized: bool, epochs: int, seed: int) -> dict[str, float]:
    """Return the validation accuracy of every method, in points, on a stratified split."""
    settings = {"data": data, "standardized": standardized, "batch_size": 28}
    settings |= {"epochs": epochs, "checkpoints": [epochs]}
    found = {}
    for method in ("constant", *(name for name in ionosphere.METHODS if name != "constant")):
        run = ionosphere.train(settings, seed, "stratified", method)
        found[method] = float(100 * run["right"][-1] / run["validation_rows"])
    return found


def _of(*settings):
    return lambda seed: accuracies(*settings, seed)


QUESTIONS = {
    name: Question(
        "the schedule and the momentum", "validation accuracy, points", 1.0, "constant",
        _of(*settings), absolute=True,
    )
    for name, settings in {
        "breast cancer": ("breast_cancer", True, 10),
        "Ionosphere": ("ionosphere", False, 50),
    }.items()
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "splits", "schedules on stratified splits", QUESTIONS, train, full=100,
    quick=["breast cancer"],
)  # fmt: skip
