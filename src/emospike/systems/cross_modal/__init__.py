"""Cross-modal enhancement."""
