"""Assignments: a class's notebooks generated, submissions graded, with nbgrader."""
