"""How good the origin detector is."""
