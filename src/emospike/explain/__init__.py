"""Explain: why a decision came about, as pictures and one HTML page; it computes no decisions.

Systems measure what parts of a recording do (`attribution`) and choose the pictures (`panels`), which draw themselves.
"""

from emospike.explain.attribution import Attribution
from emospike.explain.explanation import Explanation
from emospike.explain.write import format_explanation, write_comparison, write_explanation

__all__ = ["Attribution", "Explanation", "format_explanation", "write_comparison", "write_explanation"]
