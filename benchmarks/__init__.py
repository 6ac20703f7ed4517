"""Measurements: figures with machine, date and command; never a test."""
