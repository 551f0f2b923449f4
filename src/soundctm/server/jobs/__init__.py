"""The workshop: a queue of jobs, and the threads that make them."""

from soundctm.server.jobs.job import Job
from soundctm.server.jobs.limits import Limits, Load, QueueFull
from soundctm.server.jobs.requests import (
    EDITS,
    REQUESTS,
    DeclipRequest,
    EditRequest,
    ExtendBandwidthRequest,
    ExtendRequest,
    FillRequest,
    GenerateRequest,
    JobKind,
    JoinRequest,
    LoopRequest,
    MorphRequest,
    RefineRequest,
    Request,
    ShapeRequest,
    TransformRequest,
    VaryRequest,
)
from soundctm.server.jobs.workshop import Workshop

__all__ = [
    "EDITS", "REQUESTS", "DeclipRequest", "EditRequest", "ExtendBandwidthRequest", "ExtendRequest", "FillRequest",
    "GenerateRequest", "Job", "JobKind", "JoinRequest", "Limits", "Load", "LoopRequest", "MorphRequest", "QueueFull",
    "RefineRequest", "Request", "ShapeRequest", "TransformRequest", "VaryRequest", "Workshop",
]  # fmt: skip
