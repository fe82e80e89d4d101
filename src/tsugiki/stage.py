"""The contract: a stage is one typed function; its signature is all that command line, Argo and docs know."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import Field

from tsugiki.artifact import Artifact, Metrics
from tsugiki.config import Config, canonical
from tsugiki.errors import BadInput
from tsugiki.work import Shard

P = ParamSpec("P")
A = TypeVar("A", bound=Artifact)

Image = Literal["data", "train", "serve"]
IDENTITY_DIGITS = 16


class Resources(Config):
    """Where and how long a stage may run. Never part of an identity: the result is the same."""

    cpus: float = Field(default=1, gt=0)
    """CPU cores."""
    memory_gb: float = Field(default=4, gt=0)
    """Memory, in GiB."""
    disk_gb: float = Field(default=10, gt=0)
    """Ephemeral storage for inputs and output, in GiB."""
    gpus: int = Field(default=0, ge=0)
    """GPUs; on a machine that has none the stage runs on the CPU."""
    hours: float = Field(default=1, gt=0)
    """Time limit of all attempts of one run, in hours: the stage saves its state and leaves with exit code 124."""
    retries: int = Field(default=3, ge=0)
    """Failures in a row, without progress between them, after which a stage is given up. Preemptions do not count."""
    shards: int = Field(default=1, ge=1)
    """Parts that are made side by side, each with all the resources stated here; only for stages that can be split."""
    nodes: int = Field(default=1, ge=1)
    """Machines that train together, each with all the resources stated here; only for stages that train."""

    def replaced_by(self, stated: Resources | None) -> Resources:
        """These resources, but what `stated` states."""
        if stated is None:
            return self
        return self.model_copy(update={name: getattr(stated, name) for name in stated.model_fields_set})


@dataclass(frozen=True)
class Input:
    """One input of a stage: an artifact of a kind, or any number of them."""

    kind: type[Artifact]
    many: bool


@dataclass(frozen=True)
class Signature:
    """What a stage's function says about itself."""

    output: type[Artifact]
    inputs: Mapping[str, Input]
    config: type[Config]


class Stage(Generic[P, A]):
    """A function `(out, *inputs, config) -> Metrics` that fills `out` from its inputs.

    `out` is annotated with the kind it makes, each input with a kind or `tuple[kind, ...]`, `config` with a `Config`.
    """

    def __init__(
        self,
        function: Callable[Concatenate[A, P], Metrics],
        image: Image,
        resources: Resources,
        version: int,
        distributed: bool = False,
        hub: bool = False,
    ) -> None:
        self.function = function
        self.join: Callable[Concatenate[A, tuple[A, ...], P], Metrics] | None = None
        """Fills the artifact from its parts; None for a stage that cannot be split."""
        self.planner: Callable[Concatenate[A, P], Sequence[str]] | None = None
        """Says what making the artifact would take; None for a stage that cannot tell beforehand."""
        self.image = image
        self.resources = resources
        self.version = version
        self.distributed = distributed
        self.hub = hub
        self.name = function.__name__
        self.doc = inspect.getdoc(function) or ""

    def joined_by(
        self, function: Callable[Concatenate[A, tuple[A, ...], P], Metrics]
    ) -> Callable[Concatenate[A, tuple[A, ...], P], Metrics]:
        """Decorate `(out, parts, *inputs, config) -> Metrics`, which fills `out` from its parts, as if made in one go.

        With it the stage can be split: its function makes the part that `out.work.shard` names.
        """
        self.join = function
        return function

    def planned_by(
        self, function: Callable[Concatenate[A, P], Sequence[str]]
    ) -> Callable[Concatenate[A, P], Sequence[str]]:
        """Decorate `(out, *inputs, config) -> lines`, which says what making `out` would take and writes no file of it.

        What it saves in `out.work` is there when the artifact is made.
        """
        self.planner = function
        return function

    @cached_property
    def signature(self) -> Signature:
        """The typed signature, read once.

        Raises:
            TypeError: the function is not a stage; the message says what to change.
        """
        hints = get_type_hints(self.function)
        names = list(inspect.signature(self.function).parameters)
        if len(names) < 2 or names[0] != "out" or names[-1] != "config":
            raise TypeError(f"{self.name} must take out first and config last, not ({', '.join(names)})")
        output, config = hints.get("out"), hints.get("config")
        if not (isinstance(output, type) and issubclass(output, Artifact)):
            raise TypeError(f"{self.name}: annotate out with the kind of artifact it makes, not {output}")
        if not (isinstance(config, type) and issubclass(config, Config)):
            raise TypeError(f"{self.name}: annotate config with a Config, not {config}")
        return Signature(output, {name: self._input(name, hints.get(name)) for name in names[1:-1]}, config)

    def _input(self, name: str, hint: Any) -> Input:
        many = get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,)
        kind = get_args(hint)[0] if many else hint
        if not (isinstance(kind, type) and issubclass(kind, Artifact)):
            raise TypeError(f"{self.name}: annotate {name} with a kind of artifact or tuple[kind, ...], not {hint}")
        return Input(kind, many)

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call[A]:
        """Bind inputs and configuration, so that the output's address is known; nothing runs.

        Raises:
            BadInput: a missing or superfluous argument, an artifact of the wrong kind, the wrong configuration.
        """
        # `out` is the first parameter; any placeholder binds it
        try:
            bound = inspect.signature(self.function).bind(None, *args, **kwargs).arguments
        except TypeError as error:
            raise BadInput(f"{self.name}: {error}") from error
        config = bound["config"]
        if type(config) is not self.signature.config:
            raise BadInput(f"{self.name}: config must be {self.signature.config.__name__}, not {type(config).__name__}")
        inputs = {name: self._checked(name, spec, bound[name]) for name, spec in self.signature.inputs.items()}
        return Call(self, inputs, config.pinned())

    def _checked(self, name: str, spec: Input, value: Any) -> tuple[Artifact, ...]:
        values = tuple(value) if spec.many and isinstance(value, list | tuple) else (value,)
        for item in values:
            if not isinstance(item, spec.kind):
                raise BadInput(f"{self.name}: {name} must be {spec.kind.__name__}, not {type(item).__name__}")
        return values


@dataclass(frozen=True)
class Call(Generic[A]):
    """A stage with its inputs and configuration: everything that decides the result, so its address is known."""

    stage: Stage[..., A]
    inputs: Mapping[str, tuple[Artifact, ...]]
    config: Config
    shard: Shard | None = None
    """The part of the artifact that this call makes; None for the whole."""
    parts: int = 1
    """Of how many parts the whole is joined; 1 where it is made in one go. Never part of the identity."""

    def split(self, count: int) -> tuple[Call[A], ...]:
        """The calls that make the parts of the artifact, to be joined by `joined(count)`.

        Raises:
            BadInput: the stage cannot be split.
        """
        if self.stage.join is None:
            raise BadInput(f"{self.stage.name} cannot be split into {count} shards: set its shards to 1")
        return tuple(replace(self, shard=Shard(index, count)) for index in range(count))

    def joined(self, count: int) -> Call[A]:
        """The call that joins `count` parts."""
        return replace(self, parts=count)

    def input_addresses(self) -> dict[str, str | list[str]]:
        """Address of each input by parameter name: one, or a list for an input that takes many."""
        many = self.stage.signature.inputs
        addresses = {name: [item.address for item in items] for name, items in self.inputs.items()}
        return {name: items if many[name].many else items[0] for name, items in addresses.items()}

    @cached_property
    def address(self) -> str:
        """`<kind>/<stage>-<identity>`; the identity is a digest of stage, version, configuration and inputs.

        A part's address is that of the whole followed by `.<index>-of-<count>`.
        """
        what = {
            "stage": self.stage.name,
            "version": self.stage.version,
            "config": self.config.identity(),
            "inputs": self.input_addresses(),
        }
        identity = hashlib.sha256(canonical(what).encode()).hexdigest()[:IDENTITY_DIGITS]
        suffix = self.shard.suffix if self.shard else ""
        return f"{self.stage.signature.output.kind}/{self.stage.name}-{identity}{suffix}"

    @property
    def output(self) -> A:
        """The artifact this call makes, as an address."""
        return self.stage.signature.output.at(self.address)  # type: ignore[return-value]  # the signature's output is A


class Runner(Protocol):
    """What a workflow is written against: it runs, or notes down, one stage at a time."""

    def __call__(self, stage: Stage[P, A], /, *args: P.args, **kwargs: P.kwargs) -> A:
        """The artifact that the stage makes of these inputs under this configuration."""

    def __getitem__(self, label: str) -> Runner:
        """The same runner, naming its tasks `<stage>.<label>`: for a stage that a workflow uses several times."""


def stage(
    *, image: Image, resources: Resources, version: int = 1, distributed: bool = False, hub: bool = False
) -> Callable[[Callable[Concatenate[A, P], Metrics]], Stage[P, A]]:
    """Make a function a stage.

    Args:
        image: the container image, that is the set of dependencies, it needs.
        resources: what it needs unless a recipe says otherwise.
        version: raise it when the code changes what comes out, so that older results are not taken for new ones.
        distributed: whether several processes can work at one artifact together, as `out.work.world` says.
        hub: whether it fetches from a model hub, so that on a cluster it is given the token for one.
    """

    def decorate(function: Callable[Concatenate[A, P], Metrics]) -> Stage[P, A]:
        return Stage(function, image, resources, version, distributed, hub)

    return decorate
