"""How good is the camera: fidelity, joint training, visibility, speed, attacks, what survives."""
