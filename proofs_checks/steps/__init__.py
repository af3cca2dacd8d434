"""The steps of the sharp theorems, each a function that the claims use."""
