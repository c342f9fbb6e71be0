"""The learning-rate table with Keras: one model for each rate, checkpoints once an epoch."""

import keras

from lrcourse.datasets import school_district
from lrcourse.experiments import TEXTBOOK_RATES


def train(rates=TEXTBOOK_RATES, epochs=50, batch_size=10):
    """Return, for each rate, the history of the fit."""
    x, y, x_validation, y_validation = school_district()
    histories = []
    for rate in rates:
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros")]
        )
        model.compile(keras.optimizers.SGD(rate), "binary_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x,
            y,
            batch_size,
            epochs,
            validation_data=(x_validation, y_validation),
            verbose=0,
        )
        histories.append(history.history)
    return histories
