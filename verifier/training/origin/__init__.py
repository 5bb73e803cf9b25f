"""Training of the origin detector (Huang et al.)."""
