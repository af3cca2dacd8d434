"""Mutants of a module by mutmut's operators, each as the source of one changed function, and how to switch it on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]

#: What kind of node was changed; ``text`` (string literals: mostly sentences of reasons and errors) is counted apart.
KINDS = {
    "SimpleString": "text", "Integer": "number", "Float": "number", "Imaginary": "number", "Name": "constant",
    "Assign": "assignment", "AnnAssign": "assignment", "AugAssign": "assignment", "Call": "argument",
    "Lambda": "lambda", "IfExp": "condition",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one function: ``number`` counts the mutants of the function in the order of its source."""

    module: str
    owner: str
    function: str
    number: int
    kind: str
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """The same for the same change of the same function, wherever it stands in the file."""
        text = "\0".join((self.module, self.owner, self.function, str(self.number), self.source))
        return hashlib.sha256(text.encode()).hexdigest()[:20]


def module_name(path: Path) -> str:
    return ".".join(path.resolve().relative_to(ROOT).with_suffix("").parts)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of the functions and methods of a file; decorated ones (properties) are not mutated."""
    import libcst
    from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = libcst.MetadataWrapper(libcst.parse_module(path.read_text(encoding="utf-8"))).visit(visitor)
    owners = {
        method: statement.name.value
        for statement in module.body
        if isinstance(statement, libcst.ClassDef) and isinstance(statement.body, libcst.IndentedBlock)
        for method in statement.body.body
    }
    blank = libcst.Module([])
    numbers: dict[Any, int] = {}
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        if not isinstance(function, libcst.FunctionDef):
            continue
        numbers[function] = numbers.get(function, 0) + 1
        bare = function.with_changes(decorators=[], leading_lines=[])
        changed: Any = deep_replace(bare, mutation.original_node, mutation.mutated_node)
        source, original = blank.code_for_node(changed), blank.code_for_node(bare)
        before, after = difference(original, source)
        kind = KINDS.get(type(mutation.original_node).__name__, "operator")
        owner = owners.get(function, "")
        yield Mutant(module_name(path), owner, function.name.value, numbers[function], kind, before, after, source)


def difference(original: str, changed: str) -> tuple[str, str]:
    """The lines that differ, without indentation."""
    old, new = original.splitlines(), changed.splitlines()
    blocks = [block for block in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if block[0] != "equal"]
    first, last = blocks[0], blocks[-1]
    return (
        " ".join(line.strip() for line in old[first[1] : last[2]]),
        " ".join(line.strip() for line in new[first[3] : last[4]]),
    )


def target(module: ModuleType, owner: str, function: str) -> FunctionType:
    """The function that runs, below ``staticmethod`` and ``classmethod``."""
    found: Any = vars(getattr(module, owner))[function] if owner else getattr(module, function)
    found = getattr(found, "__func__", found)
    if not isinstance(found, FunctionType):
        raise TypeError(f"{module.__name__}.{owner}.{function} is a {type(found).__name__}")
    return found


def switch_on(mutant: Mutant, module: ModuleType) -> None:
    """Replace the code (and the defaults) of the function in place, wherever it has been imported to."""
    names = dict(vars(module))
    body = mutant.source
    if mutant.owner:
        body = f"class {mutant.owner}:\n" + "\n".join("    " + line for line in body.splitlines())
    text = "from __future__ import annotations\n" + body
    exec(compile(text, f"<mutant of {mutant.module}.{mutant.function}>", "exec"), names)  # noqa: S102 - own source
    made: Any = vars(names[mutant.owner])[mutant.function] if mutant.owner else names[mutant.function]
    live = target(module, mutant.owner, mutant.function)
    live.__code__, live.__defaults__, live.__kwdefaults__ = made.__code__, made.__defaults__, made.__kwdefaults__


def tried(paths: list[Path], report: Callable[[str], None]) -> Iterator[Mutant]:
    """The mutants of several files, with a line of progress each."""
    for path in paths:
        found = list(mutants_of(path))
        report(f"{module_name(path)}: {len(found)} mutants")
        yield from found
