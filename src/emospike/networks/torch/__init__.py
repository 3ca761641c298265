"""Networks in PyTorch: imported nowhere else, and only when they are built."""
