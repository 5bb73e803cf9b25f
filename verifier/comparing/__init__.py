"""A received picture against the signed reference picture: where it lies, what was changed."""
