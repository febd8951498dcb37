"""Documents as instances of the caller's attrs classes and dataclasses."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast, get_type_hints

import attrs

from meshydb._models.meshes.annotations import Reader, UnsupportedError, reader_for
from meshydb._models.meshes.documents import DOCUMENT, to_document
from meshydb._models.meshes.values import Form, naming_refused, refuse, replace_plain
from meshydb._models.model import MalformedError, UnfitError
from meshydb._validation import check_mesh

T = TypeVar("T")

_ID = "_id"
_EXTRA = "extra"


@attrs.frozen
class _Field:
    """A field of a class.

    Attributes:
        attribute: Its name.
        argument: What the constructor calls it.
        name: What the document calls it.
        required: Whether it has no default.
        read: Makes its value from JSON.
    """

    attribute: str
    argument: str
    name: str
    required: bool
    read: Reader


class _Class:
    """How instances of one class are written and read."""

    def __init__(self, kind: type, known: "dict[tuple[type, bool], _Class]", *, is_document: bool) -> None:
        self.kind = kind
        # Before its fields: one of them may be of this class again.
        known[kind, is_document] = self
        self.extra: _Field | None = None
        self.fields: dict[str, _Field] = {}
        for field in _fields_of(kind, known, is_document=is_document):
            if field.attribute == _EXTRA:
                self.extra = field
            elif field.name in self.fields:
                raise TypeError(f"{kind.__name__} must have one field for _id, not two")
            else:
                self.fields[field.name] = field
        self._check()

    def _check(self) -> None:
        """Require fields from which an instance can be made."""
        name, extra = self.kind.__name__, self.extra
        arguments = [each.argument for each in (*self.fields.values(), *([extra] if extra else []))]
        try:
            inspect.signature(self.kind).bind(**dict.fromkeys(arguments))
        except TypeError as error:
            raise TypeError(f"{name} cannot be made from its fields: {error}") from None
        if extra is None:
            return
        try:
            fits = isinstance(extra.read({}), Mapping)
        except MalformedError:
            fits = False
        if not fits:
            raise TypeError(f"{name}.{_EXTRA} must be a dictionary: it keeps the properties that have no field")

    def values(self, instance: object) -> dict[str, object]:
        """Return the properties of an instance, as they are."""
        values = {name: getattr(instance, field.attribute) for name, field in self.fields.items()}
        if values.get(_ID, ...) is None:
            del values[_ID]
        if self.extra is None:
            return values
        extra = getattr(instance, self.extra.attribute)
        if extra is None:
            return values
        if not isinstance(extra, Mapping):
            refuse(TypeError, f"must have a mapping as {_EXTRA}, not {type(extra).__name__}")
        for name in cast("Mapping[object, object]", extra):
            if name in self.fields or name == _ID:
                refuse(ValueError, f"must not have {name!r} in {_EXTRA}: it has a field for that")
        return {**values, **extra}

    def read(self, value: object) -> Any:
        """Make an instance. The message of an error begins with the path within it."""
        arguments = self.arguments(value)
        try:
            return self.kind(**arguments)
        except Exception as error:  # noqa: BLE001 - code of the caller, which may raise any
            # Its message may show the value.
            reason = f" rejects the values ({type(error).__name__})"
        raise MalformedError(reason)

    def arguments(self, value: object) -> dict[str, Any]:
        """Return the arguments that make an instance."""
        if not isinstance(value, Mapping):
            raise MalformedError(f" must be a JSON object, not {type(value).__name__}")
        given = cast("Mapping[str, object]", value)
        arguments: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name in given:
                arguments[field.argument] = _read(field, name, given[name])
            elif field.required:
                raise MalformedError(f".{name} is missing")
        others = {name: each for name, each in given.items() if name not in self.fields and name != _ID}
        if self.extra is not None:
            arguments[self.extra.argument] = self.extra.read(others)
        elif others:
            raise MalformedError(
                f" has no field for {next(iter(others))!r}: add one, or `{_EXTRA}: dict[str, Any]` to keep all others"
            )
        return arguments


def _read(field: _Field, name: str, value: object) -> Any:
    try:
        return field.read(value)
    except MalformedError as error:
        raise MalformedError(f".{name}{error}") from None


def _fields_of(kind: type, known: dict[tuple[type, bool], _Class], *, is_document: bool) -> list[_Field]:
    hints = _hints_of(kind)

    def field_of(attribute: str, argument: str, *, required: bool) -> _Field:
        try:
            reader = reader_for(hints.get(attribute, Any), lambda each: _reader_of(each, known))
        except UnsupportedError as error:
            raise TypeError(f"{kind.__name__}.{attribute} {error}") from None
        name = _ID if is_document and attribute == "id" else attribute
        return _Field(attribute, argument, name, required, reader)

    if attrs.has(kind):
        return [
            field_of(each.name, each.alias or each.name, required=each.default is attrs.NOTHING)
            for each in attrs.fields(kind)
            if each.init
        ]
    return [
        field_of(
            each.name,
            each.name,
            required=each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING,
        )
        for each in dataclasses.fields(kind)
        if each.init
    ]


def _hints_of(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError as error:
        raise TypeError(f"{kind.__name__} has an annotation that is not known where the class is: {error}") from None


def _reader_of(annotation: Any, known: dict[tuple[type, bool], _Class]) -> Reader | None:
    if not _is_class(annotation):
        return None
    nested = known.get((annotation, False)) or _Class(annotation, known, is_document=False)
    return nested.read


def _is_class(kind: object) -> bool:
    return isinstance(kind, type) and (attrs.has(kind) or dataclasses.is_dataclass(kind))


def mesh_name_of(kind: type, mesh_name: str | None) -> str:
    """Return the name of the mesh that holds the documents of a class.

    Raises:
        ValueError: The name, or that of the class if there is none, is not that of a mesh.
    """
    if mesh_name is not None:
        return check_mesh("mesh_name", mesh_name)
    try:
        return check_mesh("mesh_name", kind.__name__.lower())
    except ValueError:
        reason = f"{kind.__name__}, the name of the class, is not 1 to 64 letters from A to Z"
    raise ValueError(f"mesh_name must be given: {reason}")


class DocumentClass(Generic[T]):
    """Converts documents to instances of one class, and back.

    Args:
        kind: The class.

    Raises:
        TypeError: It is neither an attrs class nor a dataclass, or a field has a type that has no JSON.
    """

    def __init__(self, kind: type[T]) -> None:
        if not _is_class(kind):
            name = kind.__name__ if isinstance(kind, type) else type(kind).__name__  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"kind must be an attrs class or a dataclass, not {name}")
        self.kind = kind
        self._known: dict[tuple[type, bool], _Class] = {}
        self._class = _Class(kind, self._known, is_document=True)
        self._form = Form(DOCUMENT.name_error, self._replace)

    def write(self, name: str, instance: T, *, depth: int = 1) -> dict[str, Any]:
        """Return the document of an instance. `_id` is absent if it is None.

        Raises:
            TypeError: It is no instance of the class, or a value has no JSON.
            ValueError: A value is not allowed in documents, or could not be read again.
        """
        if not isinstance(instance, self.kind):
            raise TypeError(f"{name} must be an instance of {self.kind.__name__}, not {type(instance).__name__}")
        with naming_refused(name):
            # Of its own class: a subclass may have more fields, which the check below finds.
            values = self._class_of(type(instance), is_document=True).values(instance)
        document = to_document(name, values, form=self._form, depth=depth)
        try:
            # What is stored, this class must be able to read.
            self._class.arguments({_ID: None, **document})
        except MalformedError as error:
            raise ValueError(f"{name}{error}") from None
        return document

    def read(self, document: dict[str, Any]) -> T:
        """Make an instance of a document.

        Raises:
            UnfitError: The document does not fit the class.
        """
        try:
            instance: T = self._class.read(document)
        except MalformedError as error:
            raise UnfitError(f"the document does not fit the class: {self.kind.__name__}{error}") from None
        return instance

    def _replace(self, value: object) -> object:
        kind = type(value)
        if not _is_class(kind):
            return replace_plain(value)
        return self._class_of(kind, is_document=False).values(value)

    def _class_of(self, kind: type, *, is_document: bool) -> _Class:
        made = self._known.get((kind, is_document))
        if made is None:
            # A class that turns out to be unsuitable must not stay there half made.
            known = dict(self._known)
            made = _Class(kind, known, is_document=is_document)
            self._known = known
        return made
