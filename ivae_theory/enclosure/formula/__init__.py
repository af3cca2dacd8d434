"""Enclosures of sympy expressions, and what is proved of them on intervals."""
