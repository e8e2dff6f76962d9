"""What a shop knows, and how it is found."""

from kb.errors import KBError
from kb.records import Audience, Band, Entry, Hit, Kind, Place, SearchResult

__all__ = ["Audience", "Band", "Entry", "Hit", "KBError", "Kind", "Place", "SearchResult"]
