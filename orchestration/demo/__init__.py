"""Demo captures: native files of a fictional organisation, with planted effects that are written down.

Belongs here: making captures and their truth. Does not belong here: dagster, reading a capture.
"""

from orchestration.demo.generator import generate
from orchestration.demo.truth import DemoTruth, TruthPost

__all__ = ["DemoTruth", "TruthPost", "generate"]
