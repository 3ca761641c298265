"""Exchange: trained networks in forms that other simulators and neuromorphic hardware read."""
