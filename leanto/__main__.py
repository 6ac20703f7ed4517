"""`python -m leanto` is the same as `leanto`."""

from leanto.cli.main import main

main()
