"""What this course alone needs: its sources, their claims, its records.

`sources` has the figures quoted from the sources, `claims` what these say and what the
experiments answer, `records` the recorded experiments, and `framework_runs` what was
recorded of the frameworks, for readers who have none installed.
"""
