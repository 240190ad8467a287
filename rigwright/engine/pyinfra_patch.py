"""All that is changed in pyinfra, in the order in which it has to be.

`config.py` installs it for plain ``pyinfra inventory deploy.py``, and the engine's own runs install it too. It is
written for the pinned version; whatever pyinfra renames or reshapes is an error at start, not a surprise on a host.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import pyinfra
from pyinfra.api import arguments
from pyinfra.api import util as api_util
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State, StateOperationHostData
from pyinfra_cli import util as cli_util

from rigwright.engine import fact_cache, isolation, ssh
from rigwright.engine.contract import PyinfraChanged, replace, require_version
from rigwright.engine.ledger import current_host, ledger_of
from rigwright.spec.load import DeclarationError, NoProjectError, NoSuchHostError, project_root, use_for_pyinfra
from rigwright.spec.project import inventory_files

INVENTORY = "inventory"
DEPLOY = "deploy.py"

# `pyinfra.api.operation` is both a module and, in the package, the decorator that hides it.
operation = import_module("pyinfra.api.operation")

_installed = False


def install(root: Path) -> None:
    """Change pyinfra for the project in ``root``. Raises `PyinfraChanged` if pyinfra is not as expected."""
    global _installed  # noqa: PLW0603  (pyinfra itself is one per process)
    require_version()
    _seed_inventory(root)
    if _installed:
        return
    fact_cache.install()
    isolation.install()
    ssh.install()
    replace(operation, "get_operation_order_from_stack", ["state"], _order_by_frames)
    replace(arguments, "all_global_arguments", [], _once)
    replace(operation, "ensure_shared_op_meta", ["state", "op_hash", "op_order", "global_arguments", "names"], _naming)
    replace(import_module("pyinfra_cli.cli"), "connect_all", ["state"], _checked_first)
    replace(State, "should_check_for_changes", ["self"], _postponing)
    replace(State, "set_op_data_for_host", ["self", "host", "op_hash", "op_data"], _marking_postponed)
    _installed = True


def _seed_inventory(root: Path) -> None:
    """Let pyinfra read the inventory through us: the folder, which it could not open, and each of its files.

    pyinfra runs what it has compiled under the name that stands on its command line.
    """
    if not isinstance(getattr(cli_util, "PYTHON_CODES", None), dict):
        raise PyinfraChanged("pyinfra_cli.util.PYTHON_CODES, the cache of compiled inventories, is gone")
    _seed(root, INVENTORY, None)
    for path in inventory_files(root):
        _seed(root, str(path.relative_to(root)), str(path.relative_to(root)))


def _seed(root: Path, name: str, file: str | None) -> None:
    source = f"from rigwright.engine.inventory import groups as _g\nglobals().update(_g({str(root)!r}, {file!r}))"
    absolute = str(root / name)
    for spelling in (name, f"./{name}", absolute):
        for ending in ("", "/") if file is None else ("",):
            cli_util.PYTHON_CODES[f"{spelling}{ending}"] = compile(source, absolute, "exec")


def _checked_first(original: Callable[[State], None]) -> Callable[[State], None]:
    """Let pyinfra's command line connect to nothing that deploy.py would refuse to deploy to, and not do nothing."""

    @wraps(original)
    def connect_all(state: State) -> None:
        if any(Path(argument).name == DEPLOY for argument in sys.argv[1:]):
            hosts = [host.name for host in state.inventory if state.is_host_in_limit(host)]
            try:
                use_for_pyinfra(project_root(), hosts, state.inventory.override_data)
            except (DeclarationError, NoProjectError, NoSuchHostError) as error:
                raise PyinfraError(str(error)) from error
            if not hosts:
                raise PyinfraError("no host of the inventory is left by --limit and --exclude; nothing was done")
        original(state)

    return connect_all


def _order_by_frames(original: Callable[[State], list[int]]) -> Callable[[State], list[int]]:
    """The same line numbers without `inspect.stack`, which reads source files and took most of the planning time."""

    @wraps(original)
    def order(state: State) -> list[int]:
        frames = []
        frame = sys._getframe(1)
        while frame is not None:  # pragma: no branch
            frames.append((frame.f_code.co_filename, frame.f_lineno))
            if frame.f_back is None:
                break
            frame = frame.f_back
        frames.reverse()
        start = 0
        if state.current_deploy_filename:
            names = [filename for filename, _ in frames]
            start = (
                names.index(state.current_deploy_filename)
                if state.current_deploy_filename in names
                else len(frames) - 1
            )
        lines = [line for name, line in frames[start:] if not name.startswith(api_util.PYINFRA_INSTALL_DIR)]
        return [state.current_op_file_number, *lines] if pyinfra.is_cli else lines

    return order


def _once(original: Callable[[], Any]) -> Callable[[], Any]:
    """A constant that pyinfra works out anew for each operation and fact."""
    return functools.cache(original)


def _naming(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def ensure_shared_op_meta(
        state: State, op_hash: str, op_order: tuple[int, ...], global_arguments: Any, names: set[str]
    ) -> Any:
        host = current_host()
        if host is not None:
            ledger = ledger_of(host)
            ledger.names[op_hash] = next(iter(names))
            if ledger.on_name is not None:
                ledger.on_name(ledger.names[op_hash])
        return original(state, op_hash, op_order, global_arguments, names)

    return ensure_shared_op_meta


def _postponing(original: Callable[[State], bool]) -> Callable[[State], bool]:
    @wraps(original)
    def should_check_for_changes(self: State) -> bool:
        checks = original(self)
        host = current_host()
        if not checks or host is None or self.is_executing:
            return checks
        ledger, op_hash = ledger_of(host), host.op_hash_order[-1]
        if ledger.deferring:
            ledger.depends[op_hash] = list(ledger.waiting)
            return False
        pending = [meta for meta in ledger.waiting if meta._maybe_is_change]
        if pending:
            ledger.postpone(op_hash, pending)
        return not pending

    return should_check_for_changes


def _marking_postponed(original: Callable[..., None]) -> Callable[..., None]:
    """A postponed operation counts as one that may change the host; plain pyinfra lists it as "Conditional Change"."""

    @wraps(original)
    def set_op_data_for_host(self: State, host: Host, op_hash: str, op_data: StateOperationHostData) -> None:
        if op_hash in ledger_of(host).postponed:
            op_data.operation_meta._maybe_is_change = True
            conditions = op_data.global_arguments["_if"] or []
            given = conditions if isinstance(conditions, list) else [conditions]
            op_data.global_arguments["_if"] = [*given, lambda: True]
        original(self, host, op_hash, op_data)

    return set_op_data_for_host
