"""The campaign's command: ``python -m tests.quality.faults --trials 200 --json tests/quality/results/faults.json``."""

from __future__ import annotations

from tests.quality.faults.campaign import main

main()
