"""Training of what lays a watermark: the strength that a network chooses at each place.

Step 1 (`strength`) teaches it the classical strength (`classical_strength`), and leaves everything
else as it is. A joint training with the reader starts from there, and is to be a module beside it.
"""
