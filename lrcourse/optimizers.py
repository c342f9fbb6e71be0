"""Optimizers: what is done with a gradient.

One step is one update, on one mini-batch. All of them work in place, for many
runs at once, in the float type of the parameters. Formulas and constants are
PyTorch's; each docstring says where Keras, Optax and the papers differ.
"""

import inspect
from collections.abc import Mapping, Sequence

import numpy as np
from numpy import multiply, ndarray, subtract

from lrcourse.checks import (
    array,
    below_one,
    flag,
    learning_rates,
    not_negative,
    numbers,
    one_for_each,
    positive,
    sequence,
    several,
    whole,
)
from lrcourse.schedules import Schedule, constant, written

# Rates are kept in the shape of a parameter up to this many weights: NumPy
# multiplies small arrays of equal shapes twice as fast as it broadcasts.
_SMALL = 4096
# A schedule is asked for the rates of this many updates at a time.
_AHEAD = 1024


class Optimizer:
    """What all optimizers share.

    An optimizer remembers: take a new one for a new training.

    Parameters
    ----------
    learning_rate : float, array (runs,), Schedule, or list of them (runs,)
        One rate for all runs or one for each. A schedule gives the rate of the
        update before which so many updates were made: the first is step 0.
    multipliers : sequence of float, optional
        One for each parameter: it takes the learning rate times this. 0 freezes it.

    Attributes
    ----------
    updates : int
        The updates made so far.
    """

    _memory: tuple[str, ...] = ()  # names of what is remembered of each weight

    def __init__(self, learning_rate, multipliers: Sequence[float] | None = None):
        self.learning_rate = learning_rate
        if multipliers is not None:
            multipliers = several(not_negative)("multipliers", multipliers)
        self.multipliers = multipliers
        self.updates = 0
        self._memories, self._slots = [], []

    @property
    def learning_rate(self):
        """The rate, or the rates (runs,), of the next update; a new one may be given."""
        return self._next_rates().copy()[()]

    @learning_rate.setter
    def learning_rate(self, value):
        if isinstance(value, (list, tuple)) and any(isinstance(each, Schedule) for each in value):
            value = [each if isinstance(each, Schedule) else constant(each) for each in value]
        elif not isinstance(value, Schedule):
            value = learning_rates("learning_rate", value)
        self._given = value
        self._scheduled = not isinstance(value, np.ndarray)
        self._ahead, self._ahead_from = (), 0
        self._known, self._same = [], (None, None)  # the next step lays the rates out anew

    def _next_rates(self) -> np.ndarray:
        if not self._scheduled:
            return self._given
        position = self.updates - self._ahead_from
        if not 0 <= position < len(self._ahead):
            steps = np.arange(self.updates, self.updates + _AHEAD)
            if isinstance(self._given, Schedule):
                self._ahead = self._given(steps)
            else:
                self._ahead = np.stack([schedule(steps) for schedule in self._given], axis=1)
            self._ahead_from, position = self.updates, 0
        return np.asarray(self._ahead[position])

    def step(self, parameters: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Update `parameters` in place; `gradients` are left as they are.

        Parameters
        ----------
        parameters, gradients : lists of float arrays
            Of the same shapes; where there is one rate per run, each array's
            leading axis is the run.

        Raises
        ------
        TypeError, ValueError
            For what an update in place would silently get wrong, before anything
            is changed.
        """
        # Tuples cannot have changed since the last step; lists are looked at again.
        if parameters is not self._same[0] or gradients is not self._same[1]:
            if not self._fits(parameters, gradients):
                gradients = self._prepare(parameters, gradients)
            elif type(parameters) is type(gradients) is tuple:
                self._same = parameters, gradients
        if self._scheduled:
            self._lay_out(self._next_rates())
        for (w, step, rate, memory), g in zip(self._slots, gradients, strict=True):
            self._rule(step, w, g, rate, *memory)
            subtract(w, step, w)
        self.updates += 1

    def _rule(self, step, w, g, rate, *memory):
        """Write into `step` what is subtracted from the weights `w`, and renew the memory."""
        raise NotImplementedError

    def _fits(self, parameters, gradients):
        """Whether the parameters are those of the last step and the gradients fit: seen fast."""
        known = self._known
        if not known or len(parameters) != len(known) or len(gradients) != len(known):
            return False
        for (w, shape, dtype), parameter, g in zip(known, parameters, gradients, strict=True):
            if not (parameter is w and type(g) is ndarray and g.dtype is dtype):
                return False
            if g.shape != shape:
                return False
        return True

    def _prepare(self, parameters, gradients):
        """Check the arrays, make room for what is kept of them, return the gradients as arrays."""
        rates = self._next_rates()
        gradients = check_step(rates, parameters, gradients)
        if self.multipliers is not None:
            one_for_each("parameters", parameters, multipliers=self.multipliers)
        if self._memory and self._memories:
            before, now = (
                [f"{array.shape} {array.dtype}" for array in arrays]
                for arrays in ((memory[0] for memory in self._memories), parameters)
            )
            if now != before:
                raise ValueError(
                    f"parameters must be as in the steps before, {', '.join(before)}, "
                    f"got {', '.join(now)}"
                )
        else:
            self._memories = [[np.zeros_like(w) for _ in self._memory] for w in parameters]
        self._known = [(w, w.shape, w.dtype) for w in parameters]
        self._slots, self._same = [], (None, None)
        for w, memory in zip(parameters, self._memories, strict=True):
            shape = w.shape if w.size <= _SMALL else per_run(rates, w.ndim).shape
            self._slots.append((w, np.zeros_like(w), np.empty(shape, w.dtype), memory))
        self._lay_out(rates)
        return gradients

    def _lay_out(self, rates):
        for i, (w, _, rate, _) in enumerate(self._slots):
            scaled = rates if self.multipliers is None else rates * self.multipliers[i]
            rate[...] = per_run(scaled, w.ndim)

    @property
    def last_steps(self) -> list[np.ndarray]:
        r"""The last change of each weight, :math:`\Delta w`; empty before the first step."""
        return [-step for _, step, _, _ in self._slots]

    def effective_rates(self, gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
        r"""Return the rate of each weight, :math:`-\Delta w / g`: "Adam's learning rate".

        The rate at which plain gradient descent would have made the same step.
        Momentum, weight decay and the optimizer's memory are all in it, so that
        it may be negative; where the gradient is 0 it is nan.

        Parameters
        ----------
        gradients : list of arrays
            Those that were given to the last step.

        >>> w, g = np.array([1.0, 1.0]), np.array([0.01, -100.0])
        >>> optimizer = Adam(0.1)
        >>> optimizer.step([w], [g])
        >>> optimizer.effective_rates([g])[0].round(4)
        array([1.e+01, 1.e-03])
        """
        steps = self.last_steps
        gradients = several(numbers)("gradients", gradients)
        if [gradient.shape for gradient in gradients] != [step.shape for step in steps]:
            raise ValueError(
                f"gradients must be those of the last step, {len(steps)} of shapes "
                f"{', '.join(str(step.shape) for step in steps)}"
            )
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return [
                np.where(np.equal(g, 0), np.nan, np.divide(-step, g))
                for step, g in zip(steps, gradients, strict=True)
            ]

    def state(self) -> dict:
        """Return what the optimizer remembers: a flat dict of numbers, texts and arrays.

        ``np.savez(path, **optimizer.state())`` saves it, `restore` takes what
        ``np.load(path)`` returns. A training that goes on from it, with the
        parameters of then, does to the bit what it would have done. A learning
        rate given as numbers is in it; a schedule is only named.
        """
        memories = {
            f"{name} {i}": array.copy()
            for i, memory in enumerate(self._memories)
            for name, array in zip(self._memory, memory, strict=True)
        }
        rate = repr(self._given) if self._scheduled else self._given.copy()
        parameters = len(self._memories)
        head = {"optimizer": self._said(), "updates": self.updates, "learning_rate": rate}
        return {**head, "parameters": parameters, **memories}

    def restore(self, state: Mapping) -> None:
        """Go on from a `state` of an optimizer made with the same arguments.

        Raises
        ------
        TypeError, ValueError
            If it is of an optimizer with other constants or another schedule, or
            is no state at all; nothing is changed then.
        """
        heads = {"optimizer", "updates", "learning_rate", "parameters"}
        if not isinstance(state, Mapping) or not heads <= set(state):
            raise ValueError(f"state must be what state() returned, got {_short(state)}")
        numbers = (np.asarray(state[name])[()] for name in ("parameters", "updates"))
        count, updates = (whole("each number of state", value) for value in numbers)
        names = [[f"{name} {i}" for name in self._memory] for i in range(count)]
        if str(state["optimizer"]) != self._said():
            raise ValueError(f"state must be of {self._said()}, got {state['optimizer']}")
        if set(state) != heads.union(*names):
            raise ValueError(f"state must have {count} times {self._memory}, got {_short(state)}")
        memories = [[array(state[name]).copy() for name in each] for each in names]
        if any(m.dtype.kind != "f" or m.shape != own[0].shape for own in memories for m in own):
            raise ValueError(f"state must have float arrays of one shape in {names}")
        rate = np.asarray(state["learning_rate"])
        said = repr(self._given) if self._scheduled else "numbers"
        if (str(rate) if rate.dtype.kind == "U" else "numbers") != said:
            raise ValueError(f"state must have a learning_rate of {said}, got {rate}")
        if not self._scheduled:
            self.learning_rate = rate
        self.updates, self._memories = updates, memories
        self._known, self._slots, self._same = [], [], (None, None)

    def _said(self) -> str:
        names = list(inspect.signature(type(self)).parameters)[1:]  # all but the learning rate
        return written(type(self), {name: getattr(self, name) for name in names})

    def __repr__(self):
        rate = self._given if self._scheduled else self._given.tolist()
        name, constants = self._said().split("(", 1)
        return f"{name}({rate!r}{', ' if constants != ')' else ''}{constants}"


def _short(state):
    return ", ".join(map(str, state)) if isinstance(state, Mapping) else type(state).__name__


class SGD(Optimizer):
    r"""Stochastic gradient descent.

    .. math:: w_{t+1} = w_t - \eta \nabla J(w_t)

    [Robbins & Monro 1951] With momentum :math:`\mu` the step is taken along

    .. math:: v_{t+1} = \mu v_t + \nabla J(w_t)

    [Polyak 1964], with `nesterov` along :math:`\nabla J(w_t) + \mu v_{t+1}`.
    [Nesterov 1983] Weight decay λ adds :math:`\lambda w_t` to the gradient.

    Keras keeps the rate inside, :math:`v_{t+1} = \mu v_t - \eta \nabla J`: the same
    while the rate is constant, a slower answer to a rate that changes. Its
    default rate is 0.01. Optax's is this one, without a default.

    Parameters
    ----------
    learning_rate, multipliers
        As in `Optimizer`.
    momentum : float
        At least 0, below 1.
    nesterov : bool
        Needs a momentum.
    weight_decay : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        Unless every rate is a positive, finite number, and the constants are as said.

    >>> w = np.array([1.0])
    >>> SGD(0.1).step([w], [2 * w])
    >>> w
    array([0.8])
    """

    def __init__(
        self, learning_rate=1e-3, momentum=0.0, nesterov=False, weight_decay=0.0, multipliers=None
    ):
        super().__init__(learning_rate, multipliers)
        self.momentum = below_one("momentum", momentum)
        self.nesterov = flag("nesterov", nesterov)
        if nesterov and not momentum:
            raise ValueError("momentum must be above 0 for nesterov, got 0")
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self._memory = ("velocity",) if momentum else ()

    def _rule(self, step, w, g, rate, velocity=None):
        if self.weight_decay:
            g = g + self.weight_decay * w
        if velocity is not None:
            velocity *= self.momentum
            velocity += g
            g = g + self.momentum * velocity if self.nesterov else velocity
        multiply(rate, g, step)


class Adagrad(Optimizer):
    r"""A rate for each weight that only shrinks.  [Duchi et al. 2011].

    .. math:: s_{t+1} = s_t + g_t^2, \quad
              w_{t+1} = w_t - \eta\, g_t / (\sqrt{s_{t+1}} + \epsilon)

    Keras and Optax begin with s = 0.1 instead of 0, which shortens the first
    steps, and have ε = 1e-7 under the root; Keras's default rate is 0.001.

    Parameters
    ----------
    learning_rate, multipliers
        As in `Optimizer`.
    eps : float
        Above 0.
    """

    _memory = ("sum",)

    def __init__(self, learning_rate=1e-2, eps=1e-10, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.eps = positive("eps", eps)

    def _rule(self, step, w, g, rate, s):
        multiply(g, g, step)
        s += step
        np.sqrt(s, step)
        step += self.eps
        np.divide(g, step, step)
        step *= rate


class RMSprop(Optimizer):
    r"""Adagrad with a moving average in place of the sum.  [Hinton 2012].

    .. math:: s_{t+1} = \alpha s_t + (1 - \alpha) g_t^2, \quad
              w_{t+1} = w_t - \eta\, g_t / (\sqrt{s_{t+1}} + \epsilon)

    The lecture, Keras and Optax have α = 0.9; Keras (ε = 1e-7) and Optax have ε
    under the root; Keras's default rate is 0.001.

    Parameters
    ----------
    learning_rate, multipliers
        As in `Optimizer`.
    alpha : float
        At least 0, below 1.
    eps : float
        Above 0.
    """

    _memory = ("square",)

    def __init__(self, learning_rate=1e-2, alpha=0.99, eps=1e-8, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.alpha, self.eps = below_one("alpha", alpha), positive("eps", eps)

    def _rule(self, step, w, g, rate, s):
        _average(s, self.alpha, g, step)
        np.sqrt(s, step)
        step += self.eps
        np.divide(g, step, step)
        step *= rate


class Adadelta(Optimizer):
    r"""Steps in the units of the weights, without a global rate.  [Zeiler 2012].

    .. math:: s_{t+1} = \rho s_t + (1 - \rho) g_t^2, \quad
              \Delta_t = g_t \sqrt{d_t + \epsilon} / \sqrt{s_{t+1} + \epsilon}, \quad
              d_{t+1} = \rho d_t + (1 - \rho) \Delta_t^2, \quad
              w_{t+1} = w_t - \eta \Delta_t

    The paper has no η (1 here) and ρ = 0.95. It begins with steps of
    :math:`\sqrt{\epsilon/(1 - \rho)}`, whatever the gradient: with a small ε it hardly
    starts. Keras has η = 0.001, ρ = 0.95, ε = 1e-7; Optax's constants are these.

    Parameters
    ----------
    learning_rate, multipliers
        As in `Optimizer`.
    rho : float
        At least 0, below 1.
    eps : float
        Above 0.
    """

    _memory = ("square", "step_square")

    def __init__(self, learning_rate=1.0, rho=0.9, eps=1e-6, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.rho, self.eps = below_one("rho", rho), positive("eps", eps)

    def _rule(self, step, w, g, rate, s, d):
        _average(s, self.rho, g, step)
        delta = np.sqrt(d + self.eps) / np.sqrt(s + self.eps) * g
        _average(d, self.rho, delta, step)
        multiply(rate, delta, step)


class Adam(Optimizer):
    r"""Momentum and RMSprop, both freed of their start at zero.  [Kingma & Ba 2015].

    .. math:: m_{t+1} = \beta_1 m_t + (1 - \beta_1) g_t, \quad
              s_{t+1} = \beta_2 s_t + (1 - \beta_2) g_t^2, \quad
              w_{t+1} = w_t - \eta
              \frac{m_{t+1} / (1 - \beta_1^{t+1})}{\sqrt{s_{t+1} / (1 - \beta_2^{t+1})} + \epsilon}

    Optax's and the paper's constants are these. Keras has ε = 1e-7 and adds it
    before the root is corrected, to :math:`\sqrt{s}`, which in the first steps weighs as
    a larger ε. Weight decay λ adds :math:`\lambda w_t` to the gradient; `AdamW` takes
    it from the weights.

    Parameters
    ----------
    learning_rate, multipliers
        As in `Optimizer`.
    betas : tuple of two floats
        Each at least 0, below 1.
    eps : float
        Above 0.
    weight_decay : float
        At least 0.
    """

    _memory = ("mean", "square")
    _decoupled = False

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, multipliers=None
    ):
        super().__init__(learning_rate, multipliers)
        self.betas = tuple(several(below_one, 2)("betas", betas))
        self.eps = positive("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)

    def _rule(self, step, w, g, rate, m, s):
        beta1, beta2 = self.betas
        t = self.updates + 1
        if self.weight_decay and not self._decoupled:
            g = g + self.weight_decay * w
        multiply(g, 1 - beta1, step)
        m *= beta1
        m += step
        _average(s, beta2, g, step)
        np.sqrt(s, step)
        step /= (1 - beta2**t) ** 0.5
        step += self.eps
        np.divide(m, step, step)
        step *= rate / (1 - beta1**t)
        if self.weight_decay and self._decoupled:
            step += rate * self.weight_decay * w


class AdamW(Adam):
    r"""Adam with a weight decay of its own.  [Loshchilov & Hutter 2019].

    .. math:: w_{t+1} = (1 - \eta\lambda) w_t - \eta \hat m_{t+1} / (\sqrt{\hat s_{t+1}} + \epsilon)

    λ is 0.01 here, 0.004 in Keras, 0.0001 in Optax. All three multiply it by the
    learning rate; the paper's λ is multiplied by the schedule's factor alone.

    Parameters
    ----------
    learning_rate, betas, eps, weight_decay, multipliers
        As in `Adam`.
    """

    _decoupled = True

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, multipliers=None
    ):
        super().__init__(learning_rate, betas, eps, weight_decay, multipliers)


def _average(average, keep, values, scratch):
    """Let a share of a moving average of squares be replaced by the squares of `values`."""
    multiply(values, values, scratch)
    scratch *= 1 - keep
    average *= keep
    average += scratch


def per_run(rates: np.ndarray, axes: int) -> np.ndarray:
    """Return the rates shaped to multiply an array of that many axes whose first is the run."""
    return rates.reshape(rates.shape + (1,) * (axes - 1)) if rates.ndim else rates


def check_step(rates, parameters, gradients) -> list[np.ndarray]:
    """Refuse what an update in place would silently get wrong; return the gradients as arrays."""
    sequence("parameters", parameters), sequence("gradients", gradients)
    one_for_each("parameters", parameters, gradients=gradients)
    if len(parameters) == 0:
        raise ValueError("parameters must be at least one array, got none")
    arrays = []
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if not isinstance(parameter, np.ndarray) or parameter.dtype.kind != "f":
            kind = getattr(parameter, "dtype", type(parameter).__name__)
            raise TypeError(f"parameters must be float arrays, to be updated in place, got {kind}")
        if not parameter.flags.writeable:
            raise ValueError("parameters must be writeable, to be updated in place")
        gradient = numbers("gradients", gradient)
        if gradient.shape != parameter.shape:
            raise ValueError(
                f"gradients must have the shapes of the parameters {parameter.shape}, "
                f"got {gradient.shape}"
            )
        if rates.ndim and (parameter.ndim == 0 or len(parameter) != len(rates)):
            raise ValueError(
                f"learning_rate has {len(rates)} runs, but a parameter has shape {parameter.shape}"
            )
        arrays.append(np.asarray(gradient, parameter.dtype))
    return arrays
