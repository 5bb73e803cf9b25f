"""Simulated camera firmware: RAW in, a developed and signed picture out."""
