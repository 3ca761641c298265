"""The brain: where neurons sit (template, regions), where sound enters (tonotopy), how all is wired (wiring)."""
