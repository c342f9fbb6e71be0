"""The learning rate, in NumPy: the library behind the course of the same name."""
