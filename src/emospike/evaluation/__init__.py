"""Evaluation: how well a system does on speakers that it never heard, and what a model was trained on."""
