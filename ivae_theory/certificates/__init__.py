"""Recheck certificates and witnesses without the code that found them."""
