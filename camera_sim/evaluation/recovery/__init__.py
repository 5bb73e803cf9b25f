"""From a received copy back to the signed picture: untouched, edited, or another one."""
