"""Joint training of a NIP and its FAN (Korus & Memon 2019, section 3.4)."""
