"""Saved models: a folder with weights in safe formats, checked whole at every load."""

from ifn_severity.bundle.load import list_models, load_model
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.bundle.model import SeverityModel
from ifn_severity.bundle.save import save_bundle

__all__ = ["Manifest", "SeverityModel", "list_models", "load_model", "save_bundle"]
