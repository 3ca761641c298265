"""``python -m emospike``: the command line."""

from emospike.cli import main

main()
