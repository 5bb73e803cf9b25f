"""Training of neural imaging pipelines. Needs the extra ``train`` (torch)."""
