"""How answers are judged: calibration, abstention, stability, and the verdict."""
