"""How a photo is read: in a process of its own, with its facts, channel and credential."""
