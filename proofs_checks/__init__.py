"""The paper, executed: every numbered claim as a check, as printed and as repaired.

``python -m proofs_checks`` runs the ledger.
"""
