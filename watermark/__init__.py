"""The watermark that camera and verifier share: its pattern, its code and its keys. No torch.

A photo carries band-limited noise of three parts, laid by the pipeline network: a public *pilot*
says where the picture lies in the photo, the *payload* names the photo to whoever holds the device
group's key, and *measuring octaves*, keyed by photo, say what became of each place. Frequencies
belong to the picture, not to its pixels: they count cycles across the photo's longer side.
docs/reference/watermark.md has every bit of it.
"""
