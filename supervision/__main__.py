"""`python -m supervision` is the command `supervision`, for where the script is not on the path."""

from supervision.cli import main

main()
