"""Drives a Gradio page over HTTP as its own browser code does."""

from __future__ import annotations

import json
from typing import Any

from starlette.testclient import TestClient

JOIN = "/gradio_api/queue/join"
DIRECT = "/gradio_api/run"


class Page:
    """One opened page: events by the id of the element and the name of what happens to it."""

    def __init__(self, client: TestClient, session_hash: str = "hash") -> None:
        self.client = client
        self.session_hash = session_hash
        html = client.get("/").text
        start = html.index("window.gradio_config = ") + len("window.gradio_config = ")
        self.config = json.JSONDecoder().raw_decode(html[start:])[0]

    def index(self, element: str, event: str) -> int:
        ids = {component["props"].get("elem_id"): component["id"] for component in self.config["components"]}
        ids[""] = 0
        for dependency in self.config["dependencies"]:
            if any(target == ids.get(element) and name == event for target, name in dependency["targets"]):
                return int(dependency["id"])
        # the page's own events (load) hang on the page, which is no component
        for dependency in self.config["dependencies"]:
            if not element and any(name == event for _, name in dependency["targets"]):
                return int(dependency["id"])
        raise AssertionError(f"no event {event} of {element}")

    def send(self, element: str, event: str, data: list[Any], event_data: Any = None, **options: Any) -> Any:
        """The server's first answer to an event, however that event travels."""
        index = self.index(element, event)
        body = {"data": data, "fn_index": index, "session_hash": self.session_hash, "event_data": event_data}
        dependency = next(one for one in self.config["dependencies"] if one["id"] == index)
        path = JOIN if dependency["queue"] else f"{DIRECT}/{dependency['api_name']}"
        return self.client.post(path, json=body, **options)

    def fire(self, element: str, event: str, data: list[Any] | None = None, event_data: Any = None) -> list[Any]:
        """All that the server says to an event; a growing text comes as differences."""
        answer = self.send(element, event, data or [], event_data)
        assert answer.status_code == 200, answer.text
        if str(answer.request.url.path).startswith(DIRECT):
            return [answer.json()]
        messages = []
        with self.client.stream("GET", f"/gradio_api/queue/data?session_hash={self.session_hash}") as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    messages.append(json.loads(line[5:]))
        assert messages.pop()["msg"] == "close_stream"
        return messages

    def shown(self, *arguments: Any) -> str:
        """All that the event put on the page, as one text."""
        return json.dumps(self.fire(*arguments), ensure_ascii=False)
