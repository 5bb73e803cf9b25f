"""How good the platform detector is."""
