"""What deciding costs in time and memory, and what it would cost otherwise: `make bench`, `python -m benchmarks`.

`reservoir` and `decision` time emospike, `peers` what one would pick instead, `suite` runs them all and reports.
`competitive` is a program of its own. The modules `brian2_...` run in another interpreter, one that has Brian 2, and
import nothing of emospike.
"""
