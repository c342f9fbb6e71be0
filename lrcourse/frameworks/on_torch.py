"""Schedules, plateau rules and trainings for PyTorch, which importing this imports."""

import copy
import random
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from lrcourse.schedules import ReduceOnPlateau, Schedule


class Scheduled(LRScheduler):
    """After n calls of ``step()`` each group has its share of ``schedule(n)``."""

    def __init__(self, optimizer, schedule: Schedule):
        self._schedule = schedule
        self.reference = reference(optimizer)
        super().__init__(optimizer)
        optimizer.register_step_pre_hook(adopt)

    def get_lr(self):
        """Return the rate of each group."""
        adopt(self.optimizer)
        rate = self._schedule(self.last_epoch)
        return [rate * share for share in _shares(self)]

    def state_dict(self):
        """Return the number of steps and all else, without the schedule."""
        return {name: value for name, value in super().state_dict().items() if name != "_schedule"}

    def load_state_dict(self, state_dict):
        """Go on from a state, at its rate, whether the optimizer was loaded before or will be."""
        untouched = _rates(self.optimizer) == [float(rate) for rate in self._last_lr]
        super().load_state_dict(state_dict)
        # Where somebody else has set the rate since, as SequentialLR does, that rate stays.
        if untouched:
            _set_rates(self.optimizer, self.get_lr())
            self._last_lr = _rates(self.optimizer)


class OnPlateau(ReduceLROnPlateau):
    """``step(metric)`` gives each group its share of what the rule says."""

    def __init__(self, optimizer, rule: ReduceOnPlateau):
        self._rule = copy.copy(rule)  # the one given stays as it is
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", float(group["lr"]))
        self.reference = reference(optimizer)
        super().__init__(
            optimizer, rule.mode, rule.factor, rule.patience, rule.threshold,
            rule.threshold_mode, rule.cooldown, rule.min_rate,
        )  # fmt: skip
        self._apply()
        optimizer.register_step_pre_hook(adopt)

    def step(self, metrics, epoch=None):
        """Take the metric of an epoch."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._rule.update(float(metrics))
        self._apply()

    def _apply(self):
        adopt(self.optimizer)
        rate = self._rule.learning_rate
        _set_rates(self.optimizer, [rate * share for share in _shares(self)])
        self._last_lr = _rates(self.optimizer)

    def state_dict(self):
        """Return what the rule remembers."""
        return {
            "rule": self._rule.state(),
            "reference": self.reference,
            "last_epoch": self.last_epoch,
        }

    def load_state_dict(self, state_dict):
        """Go on from a state, at its rate."""
        self._rule.restore(state_dict["rule"])
        self.reference, self.last_epoch = state_dict["reference"], state_dict["last_epoch"]
        self._apply()


def adopt(optimizer, *_):
    """Let groups that were added later take part: at once, in proportion to the first group."""
    first = optimizer.param_groups[0]
    for group in optimizer.param_groups:
        if "initial_lr" not in group and first.get("initial_lr"):
            group["initial_lr"] = float(group["lr"])
            share = float(first["lr"]) / float(first["initial_lr"])
            _set_rate(group, share * group["initial_lr"])


def reference(optimizer) -> float:
    """Return the base rate that stands for the schedule's own."""
    groups, default = optimizer.param_groups, float(optimizer.defaults.get("lr") or 0)
    bases = [float(group.get("initial_lr", group["lr"])) for group in groups]
    return default if default in bases else bases[0]


def _shares(scheduler):
    bases = [float(group["initial_lr"]) for group in scheduler.optimizer.param_groups]
    # What was restored may be of an optimizer that has not been, or never will be.
    own = scheduler.reference in bases
    return [base / (scheduler.reference if own else bases[0]) for base in bases]


def _rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def _set_rates(optimizer, rates):
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        _set_rate(group, rate)


def _set_rate(group, rate):
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


class Training:
    """A training that `lrcourse.search.find` can restart and put back: see `torch_training`."""

    def __init__(self, model, optimizer, loss: Callable, batches: Iterable):
        self.model, self.optimizer, self.loss, self.batches = model, optimizer, loss, batches
        self._reference = reference(optimizer)
        self._shares = [rate / self._reference for rate in _rates(optimizer)]
        self._device = next(model.parameters()).device
        self._begun = _State(model, optimizer)
        self._iterator = None

    def __call__(self, rate: float) -> float:
        """Make one update at that rate; return the loss before it."""
        _set_rates(self.optimizer, [rate * share for share in self._shares])
        x, y = (each.to(self._device) for each in self._batch())
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _batch(self):
        for _ in range(2):  # once more, where the batches are used up
            for batch in self._iterator or ():
                return batch
            self._iterator = iter(self.batches)
        raise ValueError("batches must be at least one, got none")

    def restart(self, seed: int) -> None:
        """Go back to the beginning, with other batches."""
        self._begun.put_back()
        torch.manual_seed(seed), random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002  (which others' code draws from)
        self._iterator = None
        self.model.train()

    def restore(self) -> None:
        """Put everything back."""
        self._begun.put_back()


class _State:
    """Weights, buffers, gradients, modes, the optimizer's state and the generators, as they are."""

    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        tensors = [*model.parameters(), *model.buffers()]
        self.tensors = [(each, each.detach().clone()) for each in tensors]
        self.gradients = [(w, w.grad) for w in model.parameters()]
        self.modes = [(module, module.training) for module in model.modules()]
        self.optimized = [w for group in optimizer.param_groups for w in group["params"]]
        self.memory = self._copied(optimizer.state)
        self.groups = [self._copied(group) for group in optimizer.param_groups]
        self.generators = torch.get_rng_state(), random.getstate()
        self.legacy = np.random.get_state()  # noqa: NPY002
        self.devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def _copied(self, value):
        return copy.deepcopy(value, {id(w): w for w in self.optimized})  # all but the parameters

    @torch.no_grad()
    def put_back(self):
        for tensor, value in self.tensors:
            tensor.copy_(value)
        for w, gradient in self.gradients:
            w.grad = gradient
        for module, mode in self.modes:
            module.training = mode
        self.optimizer.state.clear()
        self.optimizer.state.update(self._copied(self.memory))
        for group, saved in zip(self.optimizer.param_groups, self.groups, strict=True):
            group.update(self._copied(saved))
        torch.set_rng_state(self.generators[0])
        random.setstate(self.generators[1])
        np.random.set_state(self.legacy)  # noqa: NPY002
        if self.devices:
            torch.cuda.set_rng_state_all(self.devices)
