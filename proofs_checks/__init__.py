"""The paper, executed claim by claim."""
