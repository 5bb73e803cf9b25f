"""How good is the camera: fidelity, the pair's tables, visibility, attacks, speed."""
