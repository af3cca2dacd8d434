"""Faults: what is killed, interrupted, refused by the disk or lied to by the clock or a model's functions.

``python -m tests.quality.faults --trials 200 --json tests/quality/results/faults.json``
"""
