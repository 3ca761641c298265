"""Augmentation: what training varies: voices, noise, masks."""
