"""The camera's commands, one file each; `camera_sim.commands.table` lists them."""
