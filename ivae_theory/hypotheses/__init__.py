"""One module a hypothesis: each takes a model and gives a verdict."""
