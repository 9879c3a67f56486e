"""The Hugging Face hub, or a mirror of it (HF_ENDPOINT): the one file that knows huggingface_hub.

It owns how that library is asked, and its errors in Steno's words. It does not know which files are needed, nor where
they go.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from http.client import responses
from typing import IO, Any

from model.errors import ModelError
from pipeline.model_hub import BrokenOff, Listing, RemoteFile, host_of, needed, page_error, page_title

_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    # Steno shows its own.
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
_VARIABLE = "HF_ENDPOINT"
_CLIENTS = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")
"""The HTTP libraries that the versions of huggingface_hub have used: its connection errors are theirs."""
_ADVICE = "Is the network there? HTTPS_PROXY names a proxy, HF_ENDPOINT a mirror; --from modelscope is another hub."


class HuggingFace:
    """The hub.

    Files are fetched by plain HTTP from the hub's own address, not through its chunk store (xet): a mirror has only the
    first, and only the first can be resumed by another process.

    Args:
        endpoint: its address; None takes HF_ENDPOINT, or the public hub.

    Raises:
        ModelError: huggingface_hub is not installed.
        UsageError: the address is none.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        given = endpoint if endpoint is not None else os.environ.get(_VARIABLE)
        if given is not None:
            host_of(given, _VARIABLE)  # before the library stumbles over it
        # The library reads them when it is imported.
        os.environ.update(_ENVIRONMENT)
        try:
            import huggingface_hub.constants
            import huggingface_hub.errors
            import huggingface_hub.file_download
            import huggingface_hub.utils
        except ImportError:
            raise ModelError(
                "huggingface_hub, which fetches from huggingface.co, is not installed",
                f"Install it: {sys.executable} -m pip install huggingface_hub\n"
                "  Or fetch with --from modelscope, which needs nothing more.",
            ) from None
        self._endpoint = (endpoint or huggingface_hub.constants.ENDPOINT).rstrip("/")
        self._host = host_of(self._endpoint, _VARIABLE)
        # What goes wrong is told once, by Steno.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        # Its modules do not export all that they document; what is used is held by the tests.
        self._library: Any = huggingface_hub
        # The library keeps a block back until it is whole: with its own 10 MB, a connection that breaks off after each
        # 9 would never get on.
        self._library.constants.DOWNLOAD_CHUNK_SIZE = 1 << 20

    def list(self, repository: str) -> Listing:
        """What the repository's main branch holds now."""
        with self._told(repository):
            api = self._library.HfApi(endpoint=self._endpoint, library_name="steno")
            info = api.model_info(repository, files_metadata=True, timeout=30)
        files = [
            RemoteFile(
                name=entry.rfilename,
                size=entry.size or 0,
                sha256=entry.lfs.sha256 if entry.lfs else "",
                git="" if entry.lfs else entry.blob_id or "",
            )
            for entry in info.siblings or ()
        ]
        where = f"{repository} on {self._host}"
        return Listing(self._host, repository, str(info.sha), _licence(info), needed(files, where))

    def fetch(self, listing: Listing, file: RemoteFile, out: IO[bytes], offset: int) -> None:
        """Write the file's bytes from `offset` on."""
        url = self._library.hf_hub_url(
            listing.repository, file.name, revision=listing.revision, endpoint=self._endpoint
        )
        headers = self._library.utils.build_hf_headers(library_name="steno")
        # Compressed, a file's middle could not be asked for.
        headers["Accept-Encoding"] = "identity"
        with self._told(file.name, BrokenOff):
            get = self._library.file_download.http_get
            get(url, out, resume_size=offset, headers=headers, expected_size=file.size)

    @contextlib.contextmanager
    def _told(self, what: str, lost: type[Exception] | None = None) -> Iterator[None]:
        """The library's errors in Steno's words.

        Args:
            lost: raised in place of a ModelError where a connection was lost.
        """
        try:
            yield
        except (ModelError, BrokenOff):
            raise
        except self._library.errors.OfflineModeIsEnabled:
            raise ModelError(
                f"{what} cannot be fetched: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set", "Unset it and try again."
            ) from None
        except self._library.errors.HfHubHTTPError as error:
            if lost is not None and error.response.status_code >= 500:
                raise lost(f"answered {error.response.status_code}") from None
            raise self._refused(what, error.response.status_code) from None
        except (ValueError, TypeError, KeyError) as error:
            title = page_title(error.doc.encode()) if isinstance(error, json.JSONDecodeError) else None
            if title is not None:
                raise page_error(self._host, f"the description of {what}", title) from None
            raise ModelError(f"{self._host} answered what is no description of {what}", _ADVICE) from None
        except Exception as error:
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _CLIENTS:
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            if lost is not None:
                raise lost(reason) from None
            raise ModelError(f"{self._host} cannot be reached for {what}: {reason}", _ADVICE) from None

    def _refused(self, what: str, code: int) -> ModelError:
        hint = {
            401: "It is not there, or not public. A token is read from HF_TOKEN.",
            403: "It asks for consent or a token: see its page on the hub. A token is read from HF_TOKEN.",
            404: "Is the hub's address (HF_ENDPOINT) right? A mirror may lack it.",
            429: "Too many requests came from this address. Try again later.",
        }.get(code, "Try again later, or another hub (--from, HF_ENDPOINT).")
        return ModelError(f"{self._host} answered {code} {responses.get(code, '')} for {what}", hint)


def _licence(info: Any) -> str:
    card = info.card_data
    named = card.get("license") if card is not None else None
    tagged = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    return str(named or (tagged or ["not said"])[0])
