"""The ModelScope hub, by its HTTP interface.

It owns the addresses and the form of the answers. Python's own HTTP client is enough for them: the hub's package would
bring a second cache, its own progress bars and a cryptography library. This file does not know which files are needed,
nor where they go.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode

from model.errors import ModelError
from pipeline.model_hub import BrokenOff, Listing, RemoteFile, host_of, needed, page_error, page_title

DOMAIN = "www.modelscope.cn"
BRANCH = "master"
_TIMEOUT_S = 30.0
_BLOCK = 1 << 20
_ADVICE = (
    "Is the network there? HTTPS_PROXY names a proxy, MODELSCOPE_ENDPOINT another host; "
    "--from huggingface is another hub."
)


def endpoint(environ: Mapping[str, str] = os.environ) -> str:
    """The hub's address: MODELSCOPE_ENDPOINT, or MODELSCOPE_DOMAIN as it was called before, or the public one."""
    given = environ.get("MODELSCOPE_ENDPOINT") or environ.get("MODELSCOPE_DOMAIN") or DOMAIN
    return (given if "://" in given else f"https://{given}").rstrip("/")


class ModelScope:
    """The hub.

    Args:
        address: its address; None takes what `endpoint` says.

    Raises:
        UsageError: the address is none.
    """

    def __init__(self, address: str | None = None) -> None:
        self._endpoint = address or endpoint()
        self._host = host_of(self._endpoint, "MODELSCOPE_ENDPOINT")

    def list(self, repository: str) -> Listing:
        """What the repository's master branch holds now.

        Its revision is the newest of its files' revisions, for the hub gives none of the whole.
        """
        about = self._ask(repository, "")
        entries = self._ask(repository, "/repo/files?" + urlencode({"Revision": BRANCH, "Recursive": "true"}))
        try:
            blobs = [entry for entry in entries["Files"] if entry.get("Type") != "tree"]
            files = [RemoteFile(str(e["Path"]), int(e["Size"]), str(e.get("Sha256") or "")) for e in blobs]
            newest: dict[str, Any] = max(blobs, key=lambda e: int(e.get("CommittedDate") or 0), default={})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ModelError(f"{self._host} does not list the files of {repository} as expected", _ADVICE) from None
        revision = str(newest.get("Revision") or BRANCH)
        licence = str(about.get("License") or "not said")
        return Listing(self._host, repository, revision, licence, needed(files, f"{repository} on {self._host}"))

    def fetch(self, listing: Listing, file: RemoteFile, out: IO[bytes], offset: int) -> None:
        """Write the file's bytes from `offset` on.

        They are those of the branch, which the hub serves for certain; that it has not changed since, the hash shows.
        """
        query = urlencode({"Revision": BRANCH, "FilePath": file.name})
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._told(file.name, BrokenOff), self._open(listing.repository, f"/repo?{query}", headers) as answer:
            if offset and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                out.seek(0)
                out.truncate()
            while block := answer.read(_BLOCK):
                out.write(block)

    def _ask(self, repository: str, path: str) -> dict[str, Any]:
        with self._told(repository), self._open(repository, path, {}) as answer:
            text = answer.read()
        try:
            data = json.loads(text)["Data"]
        except (ValueError, KeyError, TypeError):
            data = None
        if isinstance(data, dict):
            return data
        title = page_title(text)
        if title is not None:
            raise page_error(self._host, f"the description of {repository}", title)
        raise ModelError(f"{self._host} does not describe {repository} as expected", _ADVICE)

    def _open(self, repository: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        url = f"{self._endpoint}/api/v1/models/{quote(repository)}{path}"
        request = urllib.request.Request(url, headers={"User-Agent": "steno", "Accept-Encoding": "identity", **headers})
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
        return answer

    @contextlib.contextmanager
    def _told(self, what: str, lost: type[Exception] | None = None) -> Iterator[None]:
        """The client's errors in Steno's words; `lost` is raised in place of a ModelError for a lost connection."""
        try:
            yield
        except urllib.error.HTTPError as error:
            if lost is not None and error.code >= 500:
                raise lost(f"answered {error.code}") from None
            raise ModelError(
                f"{self._host} answered {error.code} {error.reason} for {what}",
                "Try again later, or another hub (--from huggingface).",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
            if lost is not None:
                raise lost(reason) from None
            raise ModelError(f"{self._host} cannot be reached for {what}: {reason}", _ADVICE) from None
