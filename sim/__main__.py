"""Lets `python -m sim` run the command line."""

import sys

from sim.cli import main

sys.exit(main())
