"""Asking others over HTTP, without becoming a way into the operator's own network."""
