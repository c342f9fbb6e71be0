"""The workshop: what makes, checks and grades the course. Each program says how it is called."""
