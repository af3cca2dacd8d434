"""The suite on other interpreters and with other versions of the dependencies: ``nox -s NAME``, one at a time.

Results (versions, outcomes, seconds, commit) go to tests/quality/results/platforms.json. Which torch there is for an
interpreter depends on the index: where pip finds none without CUDA, ``--no-torch`` is the honest platform.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import nox

nox.options.sessions = ["newest", "lowest", "bare"]
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "venv"

ROOT = Path(__file__).parent


def _requirements(*extras: str) -> list[str]:
    """What setup.cfg asks for, with its references to other extras resolved."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    found = parser["options"]["install_requires"].split()
    todo = list(extras)
    while todo:
        for line in parser["options.extras_require"][todo.pop()].split():
            other = re.fullmatch(r"%\((\w+)\)s", line)
            if other:
                todo.append(other[1])
            else:
                found.append(line)
    return sorted(set(found))


def _without_torch(requirements: list[str]) -> list[str]:
    return [line for line in requirements if not line.startswith(("torch", "zuko"))]


#: What old libraries say of each other's deprecations is not about this package.
_AGED = ("-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning", "-W", "ignore::FutureWarning")


def _suite(session: nox.Session, platform: str, note: str, *options: str) -> None:
    """Run the tests, and note what came of them, also where some fail."""
    outcome = Path(session.create_tmp(), "junit.xml")
    words = [
        *session.posargs,
        *options,
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "junit_family=xunit2",
        f"--junit-xml={outcome}",
    ]
    session.env.update(OMP_NUM_THREADS="1", PYTHONHASHSEED="0")
    session.run("python", "-m", "pytest", *words, success_codes=[0, 1])
    session.run("python", "tests/quality/platforms.py", platform, str(outcome), note)


@nox.session(python=["3.11", "3.12", "3.13"])
def newest(session: nox.Session) -> None:
    """Everything that ``dev`` asks for, in the newest versions that pip finds."""
    session.install("-U", "-e", ".", *_requirements("dev"))
    _suite(session, f"newest-{session.python}", "the newest versions of everything")


@nox.session(python=["3.12", "3.13"])
def no_torch(session: nox.Session) -> None:
    """Everything but torch and what needs it."""
    session.install("-U", "-e", ".", *_without_torch(_requirements("dev")))
    _suite(session, f"no-torch-{session.python}", "the newest versions of everything, without torch")


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The lowest versions that setup.cfg allows, beside the newest torch: old ones come with CUDA only."""
    floors = [line.replace(">=", "==") for line in _requirements("dev") if not line.startswith("torch")]
    session.install("-e", ".", "torch==2.13.0", *floors)
    _suite(session, "lowest-3.11", "the lowest versions of everything but torch", *_AGED)


@nox.session(python="3.11")
def bare(session: nox.Session) -> None:
    """No extra at all: only what the package itself needs, and pytest."""
    session.install("-e", ".", "pytest")
    _suite(session, "bare-3.11", "no extras, only pytest")
