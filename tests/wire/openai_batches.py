"""The files and batches of the loopback server: a batch is answered when it is asked about often enough."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.wire.openai_server import OpenAIServer


@dataclass(slots=True)
class BatchDesk:
    """`looks`: how often a batch is asked about before it ends. `ends_as`: its last state. `lost`: answers that fail.

    `forgets`: the answer to the next creation is lost on its way, after the batch was begun. `offered`: False for a
    server without batches.
    """

    server: "OpenAIServer"
    looks: int = 2
    ends_as: str = "completed"
    lost: frozenset[int] = frozenset()
    forgets: bool = False
    offered: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def add_routes(self, app: web.Application) -> None:
        """Serve below /v1."""
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_post("/v1/batches", self._create)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{id}", self._look)

    async def _upload(self, request: web.Request) -> web.Response:
        if not self.offered:
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        form = await request.post()
        uploaded = form["file"]
        assert isinstance(uploaded, web.FileField)
        assert form["purpose"] == "batch"
        data = uploaded.file.read()
        name = f"file-{len(self.files)}"
        self.files[name] = data
        return web.json_response(
            {
                "id": name,
                "object": "file",
                "bytes": len(data),
                "created_at": 1,
                "filename": "x.jsonl",
                "purpose": "batch",
                "status": "processed",
            }
        )

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]], content_type="application/octet-stream")

    async def _create(self, request: web.Request) -> web.Response:
        wish = await request.json()
        name = f"batch-{len(self.batches)}"
        lines = self.files[wish["input_file_id"]].decode().splitlines()
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": wish["endpoint"],
            "input_file_id": wish["input_file_id"],
            "completion_window": wish["completion_window"],
            "created_at": 1,
            "status": "in_progress",
            "metadata": wish.get("metadata"),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        if self.forgets and request.transport is not None:
            self.forgets = False
            request.transport.abort()
        return web.json_response(self.batches[name])

    async def _list(self, _request: web.Request) -> web.Response:
        found = list(reversed(self.batches.values()))
        return web.json_response({"object": "list", "data": found, "has_more": False})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["id"]]
        self.asked.set()
        self.looked[batch["id"]] = self.looked.get(batch["id"], 0) + 1
        if self.looked[batch["id"]] >= self.looks and batch["status"] == "in_progress":
            self._end(batch)
        return web.json_response(batch)

    def _end(self, batch: dict[str, Any]) -> None:
        batch["status"] = self.ends_as
        if self.ends_as == "failed":
            return
        answers = []
        for number, line in enumerate(self.files[batch["input_file_id"]].decode().splitlines()):
            wish = json.loads(line)
            status, body = (500, {}) if number in self.lost else (200, self.server.complete(wish["body"]))
            response = {"status_code": status, "request_id": "r", "body": body}
            answers.append(
                {"id": f"line-{number}", "custom_id": wish["custom_id"], "response": response, "error": None}
            )
        # Answers come in any order.
        text = "\n".join(json.dumps(one) for one in reversed(answers))
        name = f"file-{len(self.files)}"
        self.files[name] = text.encode()
        batch["output_file_id"] = name
        failed = len(self.lost & set(range(len(answers))))
        batch["request_counts"] |= {"completed": len(answers) - failed, "failed": failed}
