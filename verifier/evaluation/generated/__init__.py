"""How good the detector of generated pictures is."""
