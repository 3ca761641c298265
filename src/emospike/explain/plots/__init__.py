"""Interactive plots of one decision as plotly.js reads them: plain dicts of traces and layout, one file a topic.

Colours are written as names of the page's CSS variables (``"--for"``), so that a plot follows the reader's theme.
"""
