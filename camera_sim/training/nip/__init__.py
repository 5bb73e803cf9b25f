"""Training of a neural imaging pipeline alone (Korus & Memon 2019, section 3.1)."""
