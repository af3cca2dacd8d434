"""Mutation of the checker: do the tests, or the rechecker inside them, notice a changed line?

Mutants come from mutmut's operators; :mod:`.runner` tries them inside one pytest process that has collected the tests
once and forks for every mutant, so that most cost less than a second.
"""
