"""`mesh import` and `mesh export`."""

from __future__ import annotations

import asyncio
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO, Final, TextIO, cast

import click
from attrs import frozen

from meshydb_server.cli.meshes.seen import seen_ids
from meshydb_server.cli.results import Result, changed
from meshydb_server.cli.running import not_written
from meshydb_server.cli.support import ACCOUNT, ContractType, tenant_option, with_open_services, with_services
from meshydb_server.contract import Contract
from meshydb_server.http.requests.strict_json import JsonError, parse, require_storable
from meshydb_server.process.streams import standard_output
from meshydb_server.query import Document, DocumentError, QueryError, Value, checked, checked_id, plain, with_id
from meshydb_server.runtime import Services
from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.meshes import batches
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.meshes import MeshKey

_MESH: Final = ContractType("MeshName", "MESH")
_MAX_LEVELS: Final = 100
# Extended JSON has up to two levels more for a value.
_MAX_READ_LEVELS: Final = _MAX_LEVELS + 2
_PIECE: Final = 1024 * 1024
_LINE_END: Final = b"\r\n"
_RUN_AGAIN: Final = "run the command again with --skip-existing."
# The count is shown again after so many documents.
_STEPS: Final = 100

Progress = Callable[[int], object]


@click.group()
def mesh() -> None:
    """Import and export the documents of a mesh."""


@mesh.command("import")
@click.argument("account", type=ACCOUNT)
@click.argument("mesh", type=_MESH)
@click.argument("file", type=click.File("rb"), default="-")
@tenant_option
@click.option("--skip-existing", is_flag=True, help="Leave out documents whose _id the mesh has already.")
@with_services
async def mesh_import(
    services: Services, account: str, mesh: str, file: BinaryIO, *, tenant: str | None, skip_existing: bool
) -> Result:
    """Store the documents of FILE, or of standard input: one JSON object on each line (NDJSON).

    Extended JSON, as mongoexport writes it, is taken: an ObjectId becomes its hexadecimal digits, a date becomes text,
    and typed numbers become numbers. Documents without _id get one.

    All lines are checked first. If one is wrong, nothing is stored, and the message names the line. Then documents are
    stored in groups of up to 1,000, so that others get their turn. If this is interrupted, what was stored stays: run
    the command again with --skip-existing to store the rest. Documents without _id would then be stored again.
    """
    place = await services.transfer.find_mesh(account, tenant, mesh)
    with _seekable(file) as source:
        with _progress(source, "Checking") as progress:
            count = await _check(services, place, _Lines(source, progress), skip_existing=skip_existing)
        with _progress(source, "Importing") as progress:
            stored = await _store(services, place, _Lines(source, progress), skip_existing=skip_existing)
    value = {"account": place.account, "tenant": place.tenant, "mesh": place.mesh}
    return changed(
        f"Imported {stored} documents into {place.mesh}; skipped {count - stored}.",
        {**value, "imported": stored, "skipped": count - stored},
    )


@mesh.command("export")
@click.argument("account", type=ACCOUNT)
@click.argument("mesh", type=_MESH)
@tenant_option
@with_open_services
async def mesh_export(services: Services, account: str, mesh: str, tenant: str | None) -> int:
    """Write the documents of a mesh by _id to standard output: one JSON object on each line (NDJSON).

    A document that exists throughout is written exactly once; others, which are created or deleted meanwhile, may be
    missing. For the state of one moment, export while nobody writes. `mesh import` takes the output.
    """
    place = await services.transfer.find_mesh(account, tenant, mesh)
    # What commands print is kept until their end.
    stream = standard_output()
    output = stream.buffer
    with _counter("Exporting", stream) as progress:

        def write(body: str) -> None:
            output.write(body.encode() + b"\n")
            progress(1)

        try:
            await services.transfer.export(place, write)
            output.flush()
        except OSError as error:
            return not_written(error, stream)
    return 0


@frozen
class _Line:
    """A document, the number of its line, and how many bytes the line has."""

    number: int
    document: Document
    size: int


class _Lines:
    """The documents of a file. Blank lines are left out."""

    def __init__(self, source: BinaryIO, progress: Progress) -> None:
        self._source = source
        self._progress = progress

    def __iter__(self) -> Iterator[_Line]:
        most = Contract.load().max_body_bytes
        self._source.seek(0)
        number = 0
        # No more is read of a line that is too long.
        while line := self._source.readline(most + len(_LINE_END) + 1):
            number += 1
            content = (line.removeprefix(BOM_UTF8) if number == 1 else line).strip()
            if content:
                with _named_line(number):
                    yield _Line(number, _read(content, most), len(line))
            self._progress(len(line))


@contextmanager
def _named_line(number: int) -> Generator[None]:
    try:
        yield
    except (JsonError, DocumentError, QueryError, InvalidValueError) as error:
        # The parser knows of one line only.
        reason = re.sub(" at line 1, column", " at column", str(error)).replace("The body", "The document")
        raise click.ClickException(f"Line {number}: {reason}") from error


def _read(line: bytes, most: int) -> Document:
    if len(line) > most:
        raise JsonError(f"The document is larger than {most} bytes.")
    if line.startswith(b"["):
        raise JsonError(
            "The document is an array; write one object on each line, as mongoexport does without --jsonArray."
        )
    value = parse(line, _MAX_READ_LEVELS)
    require_storable(value)
    document = checked(plain(cast("Value", value)))
    own = document.get("_id")
    if own is None:
        return document
    document = with_id(document, checked_id(own))
    # Others have no path.
    Contract.load().component("DocumentId").validate(document["_id"], name="_id")
    return document


async def _check(services: Services, mesh: MeshKey, lines: _Lines, *, skip_existing: bool) -> int:
    """Read all documents, and return how many there are. Raises ClickException."""
    count = 0
    with seen_ids() as seen:
        for batch in batches(lines, _size_of):
            count += len(batch)
            own: dict[str, int] = {}
            for line in batch:
                document_id = line.document.get("_id")
                if document_id is None:
                    continue
                if not seen.add(str(document_id)):
                    raise click.ClickException(f"Line {line.number}: Another line has this _id.")
                own[str(document_id)] = line.number
            existing = set[str]() if skip_existing else await services.transfer.existing(mesh, list(own))
            if existing:
                number = min(own[each] for each in existing)
                raise click.ClickException(f"Line {number}: Another document of the mesh has this _id.")
    return count


async def _store(services: Services, mesh: MeshKey, lines: _Lines, *, skip_existing: bool) -> int:
    stored = 0
    try:
        for batch in batches(lines, _size_of):
            documents = [line.document for line in batch]
            stored += await services.transfer.store(mesh, documents, skip_existing=skip_existing)
        await services.transfer.end_import(mesh)
    except asyncio.CancelledError:
        # Ctrl-C. What was being stored may be stored.
        message = f"Interrupted. At least {stored} documents were imported; {_RUN_AGAIN}"
        raise click.ClickException(message) from None
    except (ServiceError, StorageError) as error:
        if not stored:
            raise
        raise click.ClickException(f"{error} Before that, {stored} documents were imported; {_RUN_AGAIN}") from error
    return stored


def _size_of(line: _Line) -> int:
    return line.size


@contextmanager
def _seekable(file: BinaryIO) -> Generator[BinaryIO]:
    """The file, or a copy of it if it can be read only once."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        while piece := file.read(_PIECE):
            copy.write(piece)
        yield cast("BinaryIO", copy)


@contextmanager
def _progress(source: BinaryIO, label: str) -> Generator[Progress]:
    """Show a bar on standard error, if that is a terminal. Call the function with the bytes that were read."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    with click.progressbar(length=source.seek(0, 2), label=label, file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def _counter(label: str, output: TextIO) -> Generator[Progress]:
    """Show a count on standard error, if that is a terminal and the output is not."""
    if not sys.stderr.isatty() or output.isatty():
        yield _ignore
        return
    with click.progressbar(iter(()), label=label, show_pos=True, file=sys.stderr, update_min_steps=_STEPS) as bar:
        yield bar.update


def _ignore(_: int) -> None:
    pass
