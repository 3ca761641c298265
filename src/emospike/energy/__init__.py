"""Energy: what a decision costs, counted layer by layer."""
