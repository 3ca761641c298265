"""Explain: draws what systems and evaluations found, as PNG figures and one HTML page; it computes no decisions."""

from emospike.explain.write import write_comparison, write_explanation

__all__ = ["write_comparison", "write_explanation"]
