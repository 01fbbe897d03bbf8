"""How far a TRIPOD+AI item can be met by a program."""

from __future__ import annotations

REPORTED, PARTLY, NOT_DONE = "reported", "partly", "not done"
NOT_APPLICABLE, AUTHORS = "not applicable", "for the authors"
