"""Hostile inputs for every reader and the model loader (`python -m fuzzing`, or ``make fuzz``)."""
