"""What happens to a picture between camera and verifier."""
