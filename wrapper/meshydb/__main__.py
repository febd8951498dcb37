"""Run the command `meshydb` as `python -m meshydb`."""

from meshydb._cli import main

if __name__ == "__main__":
    main()
