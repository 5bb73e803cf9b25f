"""The FAN, its statistics of blocks, and the network that pools patches."""
