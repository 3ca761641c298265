"""Figures of one decision, one file each: a function from an `Explanation` to a matplotlib `Figure`.

These modules import matplotlib at once: they are loaded only when something is drawn.
"""
