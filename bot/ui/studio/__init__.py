"""The studio: where editors change, try and publish knowledge, mounted at ``/studio`` of the staff app."""
