"""Checks a stack before anything exists: synthesises its resources in this process, without engine or credentials."""
