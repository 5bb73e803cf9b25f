"""How good is the camera: fidelity, the pair, visibility, speed; attacks, what survives."""
