"""What can be known of a picture that came back from a network."""
