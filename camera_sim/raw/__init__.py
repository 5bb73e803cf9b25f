"""RAW files in: how a capture is read, checked and brought to one normal form."""
