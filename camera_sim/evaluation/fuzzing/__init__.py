"""Damaged RAW files through develop: which seeds, what damage, and what may come out."""
