"""Panels: one file a picture, each with its data, its picture, its plot, and what is said of it.

matplotlib and plotly are imported only when something is drawn.
"""
