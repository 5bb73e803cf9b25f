"""Many tasks by many workers, each task answered once: processes of this machine, or Ray.

A worker may be killed at any time: its task is given to another one. What kills every worker that
tries it is reported as such, and the others go on. Imports none of the other packages.
"""

from fleet.engine import Engine, FleetError, WorkerDied
from fleet.processes import Processes
from fleet.ray_cluster import RayCluster

__all__ = ["Engine", "FleetError", "Processes", "RayCluster", "WorkerDied"]
