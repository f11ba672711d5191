"""`python -m vecinity`, the same as the command `vecinity`."""

from vecinity.cli.main import main

main(prog_name="vecinity")
