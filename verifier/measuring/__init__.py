"""A vendor's measuring service: what it answers of a picture, and asking one."""
