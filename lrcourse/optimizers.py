"""Optimizers: what is done with a gradient.

One step is one update, on one mini-batch. Each optimizer is a rule, `_step`: from the rate,
the weights w, the gradient g and what is remembered of each weight it returns the step that
is subtracted from w, in place, for many runs at once, in the float type of the parameters.
Formulas and constants are PyTorch's; each docstring says where others differ.
"""

import inspect
from collections.abc import Sequence

import numpy as np

from lrcourse import checks
from lrcourse.schedules import Schedule, constant, written


class Optimizer:
    """What all optimizers share.

    It remembers: take a new one for a new training; ``pickle`` it to go on later, to the bit.

    Parameters
    ----------
    learning_rate : float, array (runs,), Schedule, or list of them (runs,)
        One rate for all runs or one for each, positive and finite. ``schedule(k)`` is
        the rate used after k updates: the first update takes ``schedule(0)``.
    multipliers : sequence of float, optional
        A parameter's rate is the learning rate times its multiplier; 0 freezes it.

    Attributes
    ----------
    updates : int
        The updates made so far.
    memory : list of dict
        What is remembered of each parameter, such as Adam's "mean" and "square".
    """

    _remembered: tuple[str, ...] = ()  # the names in `memory`; all begin at 0

    def __init__(self, learning_rate, multipliers: Sequence[float] | None = None):
        self.learning_rate = learning_rate
        if multipliers is not None:
            multipliers = checks.several(checks.not_negative)("multipliers", multipliers)
        self.multipliers = multipliers
        self.updates, self.memory, self._steps = 0, [], []

    @property
    def learning_rate(self):
        """The rate, or the rates (runs,), of the next update; a new one may be given."""
        return self._next_rates().copy()[()]

    @learning_rate.setter
    def learning_rate(self, value):
        if isinstance(value, (list, tuple)) and any(isinstance(each, Schedule) for each in value):
            value = [each if isinstance(each, Schedule) else constant(each) for each in value]
        elif not isinstance(value, Schedule):
            value = checks.learning_rates("learning_rate", value)
        self._given, self._block = value, None

    def _next_rates(self) -> np.ndarray:
        if isinstance(self._given, np.ndarray):
            return self._given
        # A schedule takes as long for one step as for a thousand: they are kept until used up.
        block, position = divmod(self.updates, 1024)
        if block != self._block:
            steps = np.arange(1024 * block, 1024 * (block + 1))
            several = isinstance(self._given, list)
            ahead = [each(steps) for each in self._given] if several else self._given(steps)
            self._block, self._ahead = block, np.transpose(ahead)
        return np.asarray(self._ahead[position])

    def step(self, parameters: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Update `parameters` in place; `gradients` are left as they are.

        Parameters
        ----------
        parameters, gradients : lists of float arrays
            Of the same shapes; where there is one rate per run, each array's leading axis
            is the run. They are checked once, at the first step.
        """
        if not self.memory:
            self._begin(parameters, gradients)
        if not len(parameters) == len(gradients) == (count := len(self.memory)):
            raise ValueError(
                f"parameters and gradients must be {count} arrays as in the first step, got "
                f"{len(parameters)} and {len(gradients)}: for others take a new optimizer"
            )
        rates, self._steps = self._next_rates(), []
        for i, (w, g) in enumerate(zip(parameters, gradients, strict=True)):
            rate = rates if self.multipliers is None else rates * self.multipliers[i]
            # A rate of each run is beside all of the run's weights: the run is w's first axis.
            rate = rate.astype(w.dtype, copy=False).reshape(rate.shape + (1,) * (w.ndim - 1))
            step = self._step(rate, w, np.asarray(g, w.dtype), *self.memory[i].values())
            w -= step
            self._steps.append(step)
        self.updates += 1

    def _step(self, rate, w, g, *memory):
        """Return, as a new array, what is to be subtracted from `w`; renew the memory in place.

        `memory` has the arrays in the order of `_remembered`; `updates` were made before.
        """
        raise NotImplementedError

    def _begin(self, parameters, gradients):
        """Check the arrays of the first step and make room for what is remembered of them."""
        checks.sequence("gradients", gradients)
        if len(checks.sequence("parameters", parameters)) == 0:
            raise ValueError("parameters must be at least one array, got none")
        checks.one_for_each("parameters", parameters, gradients=gradients)
        if self.multipliers is not None:
            checks.one_for_each("parameters", parameters, multipliers=self.multipliers)
        rates = self._next_rates()
        for w, g in zip(parameters, gradients, strict=True):
            shape = checks.float_array("parameters", w).shape
            if not w.flags.writeable:
                raise ValueError("parameters must be writeable, to be updated in place")
            if checks.numbers("gradients", g).shape != shape:
                raise ValueError(f"gradients must have the shapes {shape}, got {np.shape(g)}")
            if rates.ndim and shape[:1] != rates.shape:
                raise ValueError(f"learning_rate has {len(rates)} runs, a parameter {shape}")
        self.memory = [{name: np.zeros_like(w) for name in self._remembered} for w in parameters]

    @property
    def last_steps(self) -> list[np.ndarray]:
        r"""The last change of each weight, :math:`\Delta w`; empty before the first step."""
        return [-step for step in self._steps]

    def effective_rates(self, gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
        r"""Return the rate of each weight, :math:`-\Delta w / g`: "Adam's learning rate".

        The rate at which plain gradient descent would have made the last step, whose
        gradients are given. Momentum, weight decay and memory are all in it, so that it
        may be negative; where the gradient is 0 it is nan.

        >>> w, g = np.array([1.0, 1.0]), np.array([0.01, -100.0])
        >>> optimizer = Adam(0.1)
        >>> optimizer.step([w], [g])
        >>> optimizer.effective_rates([g])[0].round(4)
        array([1.e+01, 1.e-03])
        """
        gradients = checks.several(checks.numbers)("gradients", gradients)
        shapes = [step.shape for step in self._steps]
        if [g.shape for g in gradients] != shapes:
            raise ValueError(f"gradients must be those of the last step, of shapes {shapes}")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            rates = [step / g for step, g in zip(self._steps, gradients, strict=True)]
        return [np.where(g == 0, np.nan, rate) for rate, g in zip(rates, gradients, strict=True)]

    def __repr__(self):
        names = inspect.signature(type(self)).parameters
        given = self._given.tolist() if isinstance(self._given, np.ndarray) else self._given
        constants = {name: getattr(self, name) for name in names} | {"learning_rate": given}
        return written(type(self), constants).replace("learning_rate=", "", 1)


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
    momentum : float from 0 to below 1
    nesterov : bool, with a momentum
    weight_decay : float from 0

    >>> w = np.array([1.0])
    >>> SGD(0.1).step([w], [2 * w])
    >>> w
    array([0.8])
    """

    def __init__(
        self, learning_rate=1e-3, momentum=0.0, nesterov=False, weight_decay=0.0, multipliers=None
    ):
        super().__init__(learning_rate, multipliers)
        self.momentum = checks.below_one("momentum", momentum)
        self.nesterov = checks.flag("nesterov", nesterov)
        if nesterov and not momentum:
            raise ValueError("momentum must be above 0 for nesterov, got 0")
        self.weight_decay = checks.not_negative("weight_decay", weight_decay)
        self._remembered = ("velocity",) if momentum else ()

    def _step(self, rate, w, g, v=None):
        if self.weight_decay:
            g = g + self.weight_decay * w
        if v is not None:
            v[...] = self.momentum * v + g
            g = g + self.momentum * v if self.nesterov else v
        return rate * g


class Adagrad(Optimizer):
    r"""A rate for each weight that only shrinks.  [Duchi et al. 2011].

    .. math:: s_{t+1} = s_t + g_t^2, \quad
              w_{t+1} = w_t - \eta\, g_t / (\sqrt{s_{t+1}} + \epsilon)

    Keras and Optax begin with s = 0.1 instead of 0, which shortens the first
    steps, and have ε = 1e-7 under the root; Keras's default rate is 0.001.

    Parameters
    ----------
    eps : float above 0
    """

    _remembered = ("sum",)

    def __init__(self, learning_rate=1e-2, eps=1e-10, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.eps = checks.positive("eps", eps)

    def _step(self, rate, w, g, s):
        s += g**2
        return rate * (g / (np.sqrt(s) + self.eps))


class RMSprop(Optimizer):
    r"""Adagrad with a moving average in place of the sum.  [Hinton 2012].

    .. math:: s_{t+1} = \alpha s_t + (1 - \alpha) g_t^2, \quad
              w_{t+1} = w_t - \eta\, g_t / (\sqrt{s_{t+1}} + \epsilon)

    The lecture, Keras and Optax have α = 0.9; Keras (ε = 1e-7) and Optax have ε
    under the root; Keras's default rate is 0.001.

    Parameters
    ----------
    alpha : float from 0 to below 1
    eps : float above 0
    """

    _remembered = ("square",)

    def __init__(self, learning_rate=1e-2, alpha=0.99, eps=1e-8, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.alpha, self.eps = checks.below_one("alpha", alpha), checks.positive("eps", eps)

    def _step(self, rate, w, g, s):
        s[...] = self.alpha * s + (1 - self.alpha) * g**2
        return rate * (g / (np.sqrt(s) + self.eps))


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
    rho : float from 0 to below 1
    eps : float above 0
    """

    _remembered = ("square", "step_square")

    def __init__(self, learning_rate=1.0, rho=0.9, eps=1e-6, multipliers=None):
        super().__init__(learning_rate, multipliers)
        self.rho, self.eps = checks.below_one("rho", rho), checks.positive("eps", eps)

    def _step(self, rate, w, g, s, d):
        s[...] = self.rho * s + (1 - self.rho) * g**2
        delta = np.sqrt(d + self.eps) / np.sqrt(s + self.eps) * g
        d[...] = self.rho * d + (1 - self.rho) * delta**2
        return rate * delta


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
    betas : tuple of two floats from 0 to below 1
    eps : float above 0
    weight_decay : float from 0
    """

    _remembered = ("mean", "square")

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, multipliers=None
    ):
        super().__init__(learning_rate, multipliers)
        self.betas = tuple(checks.several(checks.below_one, 2)("betas", betas))
        self.eps = checks.positive("eps", eps)
        self.weight_decay = checks.not_negative("weight_decay", weight_decay)

    def _step(self, rate, w, g, m, s):
        if self.weight_decay:
            g = g + self.weight_decay * w
        return self._adam(rate, g, m, s)

    def _adam(self, rate, g, m, s):
        (beta1, beta2), t = self.betas, self.updates + 1  # t counts from 1
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        s += (1 - beta2) * g**2
        root = np.sqrt(s) / (1 - beta2**t) ** 0.5  # np.sqrt of a number would make float64
        return rate / (1 - beta1**t) * (m / (root + self.eps))


class AdamW(Adam):
    r"""Adam with a weight decay of its own.  [Loshchilov & Hutter 2019].

    .. math:: w_{t+1} = (1 - \eta\lambda) w_t - \eta \hat m_{t+1} / (\sqrt{\hat s_{t+1}} + \epsilon)

    λ is 0.01 here, 0.004 in Keras, 0.0001 in Optax. All three multiply it by the
    learning rate; the paper's λ is multiplied by the schedule's factor alone. All other
    constants are those of `Adam`.
    """

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, multipliers=None
    ):
        super().__init__(learning_rate, betas, eps, weight_decay, multipliers)

    def _step(self, rate, w, g, m, s):
        return self._adam(rate, g, m, s) + rate * self.weight_decay * w
