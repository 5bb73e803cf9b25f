"""Neural imaging pipelines as torch modules. Needs the extra ``train``; inference runs without."""
