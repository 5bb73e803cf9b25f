"""Training of the platform detector (Amerini et al. 2017)."""
