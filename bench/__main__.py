"""`python -m bench`: everything that docs/benchmarks.md tells, measured here."""

import sys

from bench.run import main

sys.exit(main())
