"""Enclosures of traced torch functions, and what their graphs prove."""
