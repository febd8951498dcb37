"""`python -m meshydb_server` is `meshydb-server`."""

from meshydb_server.cli import main

main()
