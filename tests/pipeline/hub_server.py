"""A small hub on loopback, with the interfaces of both hubs that Steno knows, and the ways in which a hub fails."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Hotel\n login</title></head><body>" + b"x" * 300 + b"</body></html>"
PLAIN = (".json", ".txt", ".md", ".jinja")
"""What git keeps itself; all else is in its large file store and has a SHA-256."""


@dataclass
class Behaviour:
    """How the hub fails; a test changes it while the hub runs."""

    drops: list[int] = field(default_factory=list)
    """The next answers to a weights file end after so many bytes."""
    status: int = 0
    """Every answer to a weights file once the drops are used up; 0 for none."""
    pages: set[str] = field(default_factory=set)
    """Files, or "api", in whose place a web page comes."""
    damaged: set[str] = field(default_factory=set)
    """Files of which one byte is another."""
    longer: set[str] = field(default_factory=set)
    """Files that come with a tail."""
    stall: threading.Event | None = None
    """A weights file stops in its middle until this is set."""


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    file: str
    span: str
    """Its Range; empty for the whole."""


class HubServer:
    """Serves the files of one folder as every repository. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.behaviour = Behaviour()
        self.requests: list[Request] = []
        hub = self

        class Handler(_Handler):
            server_hub = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.behaviour.stall is not None:
            self.behaviour.stall.set()
        self._server.shutdown()
        self._server.server_close()

    def spans(self, file: str) -> list[str]:
        return [request.span for request in self.requests if request.file == file]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: apart, each answer would wait for the other side's delayed acknowledgement.
    wbufsize = 1 << 16
    server_hub: HubServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        if url.path.startswith("/api/"):
            if "api" in self.server_hub.behaviour.pages:
                self._answer(PAGE, "text/html")
            elif url.path.startswith("/api/models/"):
                self._json(self._huggingface())
            elif url.path.endswith("/repo/files"):
                self._json({"Code": 200, "Data": {"Files": self._modelscope()}})
            elif url.path.endswith("/repo"):
                self._file(query["FilePath"])
            else:
                self._json({"Code": 200, "Data": {"License": "Apache License 2.0"}})
        elif len(parts) >= 5 and parts[2] == "resolve":
            # As the real one does for large files: they lie at another address.
            self.send_response(302)
            self.send_header("Location", f"/store/{'/'.join(parts[4:])}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif parts[0] == "store":
            self._file("/".join(parts[1:]))
        else:
            self.send_error(404)

    def _huggingface(self) -> dict[str, object]:
        entries: list[dict[str, object]] = []
        for name, data in self._files():
            entry: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": _git(data)}
            if not name.endswith(PLAIN):
                entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            entries.append(entry)
        return {
            "id": "Qwen/Qwen3-ASR-0.6B",
            "sha": COMMIT,
            "tags": ["license:apache-2.0"],
            "cardData": {"license": "apache-2.0"},
            "siblings": entries,
        }

    def _modelscope(self) -> list[dict[str, object]]:
        entries: list[dict[str, object]] = [{"Path": "folder", "Size": 0, "Type": "tree"}]
        for name, data in self._files():
            digest = hashlib.sha256(data).hexdigest()
            entry = {"Path": name, "Size": len(data), "Sha256": digest, "Type": "blob", "CommittedDate": 1}
            entries.append({**entry, "Revision": COMMIT})
        return entries

    def _files(self) -> list[tuple[str, bytes]]:
        folder = self.server_hub.folder
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]

    def _file(self, name: str) -> None:
        hub, behaviour = self.server_hub, self.server_hub.behaviour
        hub.requests.append(Request(name, self.headers.get("Range", "")))
        if name in behaviour.pages:
            self._answer(PAGE, "text/html")
            return
        data = (hub.folder / name).read_bytes()
        if name in behaviour.damaged:
            data = bytes([data[0] ^ 1]) + data[1:]
        if name in behaviour.longer:
            data += b"x" * 10
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        weights = name.endswith(".safetensors")
        if weights and not behaviour.drops and behaviour.status:
            self.send_error(behaviour.status)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if weights and behaviour.stall is not None:
            self.wfile.write(data[start : len(data) // 2])
            self.wfile.flush()
            behaviour.stall.wait(60)
            self.close_connection = True
        elif weights and behaviour.drops:
            self.wfile.write(data[start : start + behaviour.drops.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(data[start:])

    def _json(self, value: object) -> None:
        self._answer(json.dumps(value).encode(), "application/json")

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _git(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
