"""Errors: one sentence with the argument, what was expected and what came."""

import inspect

import pytest

from ivae_theory import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_also_a_value_error_or_a_type_error(name):
    kind = getattr(errors, name)
    assert issubclass(kind, errors.IvaeTheoryError)
    if name != "IvaeTheoryError":
        assert issubclass(kind, (ValueError, TypeError))


def test_the_message_names_argument_expected_and_got():
    error = errors.InputError("variance", "a positive number", "-1")
    assert str(error) == "variance: expected a positive number, got -1"
    assert (error.argument, error.expected, error.got) == ("variance", "a positive number", "-1")


def test_a_missing_extra_says_which_one_to_install():
    error = errors.MissingExtra("torch models", "torch")
    assert isinstance(error, ImportError)
    assert "pip install 'ivae_theory[torch]'" in str(error)


def test_every_public_error_is_documented():
    assert all(inspect.getdoc(getattr(errors, name)) for name in errors.__all__)
