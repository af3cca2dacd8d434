"""``ivae-theory train``: train on data of one's own or of the paper, and say how close to the truth it came."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from ivae_theory.budget import require_seconds
from ivae_theory.cli.app import EXIT
from ivae_theory.cli.console import progress
from ivae_theory.cli.options import OUTPUT, SEED, examples, quiet_option
from ivae_theory.cli.settings import read_settings
from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.files import make_folder, read_json, read_text, write_text
from ivae_theory.verdict import GOALS

__all__ = ["command"]

#: The keys of :data:`ivae_theory.training.experiments.METHODS`, here so that ``--help`` imports no torch.
METHODS = ("ivae", "layered", "flow", "vae", "beta_tc_vae", "linear")
#: Parameters of estimators that have options of their own, or belong to the command.
_OWN = (
    "n_latents",
    "replicas",
    "seed",
    "dtype",
    "device",
    "schedule",
    "exploration",
    "checkpoint",
    "progress",
    "callback",
)


@click.command(
    "train",
    epilog=examples(
        "ivae-theory train paper --data n=2 --data d=2 --steps 4000 --out trained",
        "ivae-theory train mine.npz --latents 3 --set family=gaussian --set noise_variance=0.04 --json outcome.json",
        "ivae-theory train paper --method flow --vae --monitor --out trained-flow",
    ),
)
@click.argument("data", metavar="DATA", type=click.Path())
@click.option("--method", type=click.Choice(METHODS), default="ivae", show_default=True, help="What is trained.")
@click.option("--latents", type=click.IntRange(1), metavar="N", help="Number of latents; by default the true number.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter of the method; repeatable.")
@click.option("--data", "changes", metavar="NAME=VALUE", multiple=True, help="A change of the preset; repeatable.")
@click.option("--data-seed", type=SEED, default=0, show_default=True, help="Seed of a preset's data.")
@click.option("--steps", type=click.IntRange(1), help="Optimiser steps.")
@click.option("--batch", type=click.IntRange(1), help="Rows a step.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Learning rate.")
@click.option("--replicas", type=click.IntRange(1), help="Networks trained at once, the best by held-out bound kept.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of everything else.")
@click.option("--device", default="cpu", show_default=True, help="Torch device, e.g. cuda.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option("--out", default="trained", show_default=True, metavar="FOLDER", help="Folder for what was learned.")
@click.option(
    "--vae", is_flag=True, help="Train a VAE whose prior does not see u as a control, with the same schedule."
)
@click.option("--monitor", is_flag=True, help="Follow the distance to failure of lambda and folds of the decoder.")
@click.option("--statistics", help="T of the true latents as text in z, e.g. 'z**2'; by default the method's.")
@click.option("--goal", type=click.Choice(GOALS), default="affine", show_default=True, help="For the learned model.")
@click.option("--assume", metavar="CLAIM", multiple=True, help="A claim to vouch for in that check; repeatable.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Seconds for each verdict.")
@click.option("--json", "json_path", metavar="PATH", type=OUTPUT, help="Write the outcome as JSON.")
@click.option(
    "--html", "html_path", metavar="PATH", type=OUTPUT, help="Write the check, with training curves, as HTML."
)
@quiet_option()
def command(data: str, out: str, json_path: str | None, html_path: str | None, quiet: bool, **options: Any) -> int:
    """Train on DATA, and say how close to the truth it came.

    DATA is a preset (paper, figure1, supplement_g, released; --data changes it) or FILE.npz with arrays x (N, d),
    u (N,) or (N, m), and optionally the true z (N, n). Object arrays are refused.

    FOLDER gets a checkpoint while training runs: the same command, given again after a stop, goes on where it was. At
    the end it holds learned.safetensors (for ivae_theory.training.load), outcome.json, and the documents check.json
    and recovery.json, which `recheck` verifies.

    Printed: the bound on held-out rows; where z is known MCC, A's verdict, and beside them the controls; the
    learned model's check. The exit status is that of A's verdict (undecided where A cannot be compared), or of the
    check where z is not known.
    """
    from ivae_theory.training.extras import torch

    torch.set_num_threads(1)  # small networks: more threads wait for each other
    require_seconds(options["timeout"])
    source = _read(data, options)
    folder = Path(out)
    estimator = _estimator(source, folder, options, quiet)
    if options["statistics"] is not None:
        from ivae_theory.recovery.statistics import as_statistics

        as_statistics(options["statistics"], estimator.n_latents, "--statistics")
    _claim(folder, {"data": data, **{key: value for key, value in options.items() if key not in _JUDGING}})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        outcome, document = _train(estimator, source, folder, options, quiet)
    document["warnings"] = list(dict.fromkeys(str(warning.message) for warning in caught))
    _write(folder, json_path, outcome, document)
    if html_path is not None:
        outcome.report.to_html(html_path)
    if not quiet:
        for warning in document["warnings"]:
            click.echo(f"warning: {warning}", err=True)
        click.echo(f"{options['method']} on {data}: {_sizes(source, estimator)}\n{outcome}")
        click.echo(f"{'saved':8s} {folder / 'learned.safetensors'}")
    return EXIT[outcome.status]


#: Bytes of the largest run.json that is read.
_LARGEST_RUN = 1 << 20
#: Options that change what is said of a run, and not the run.
_JUDGING = ("vae", "monitor", "statistics", "goal", "assume", "timeout", "device")


@dataclasses.dataclass(frozen=True, eq=False)
class _Source:
    """The data, and what is known of the truth: all of it, z alone, or nothing."""

    x: Any
    u: Any
    truth: Any
    latents: int | None
    noise_variance: float | None = None


def _read(data: str, options: dict[str, Any]) -> _Source:
    from ivae_theory.training.data import PRESETS, Simulation, simulate

    if data in PRESETS:
        defaults = {field.name: field.default for field in dataclasses.fields(Simulation)}
        drawn = simulate(data, options["data_seed"], **read_settings("--data", options["changes"], defaults))
        scale = drawn.simulation.noise_scale
        return _Source(drawn.x, drawn.u, drawn, drawn.mixing.n, scale**2 or None)
    if options["changes"]:
        raise click.UsageError(f"--data changes a preset ({', '.join(PRESETS)}), and {data} is none")
    from ivae_theory.recovery.files import read_npz
    from ivae_theory.training.labels import observations

    if not Path(data).is_file():
        raise InputError("DATA", f"one of {', '.join(PRESETS)}, or an existing npz file", repr(data))
    arrays = read_npz(data, ("x", "u"), ("z",))
    if "z" not in arrays:
        return _Source(arrays["x"], arrays["u"], None, None)
    try:
        z = observations(arrays["z"])
    except InputError as error:
        raise InputError("z", error.expected, error.got) from None
    if len(z) != len(arrays["x"]):
        raise InputError("z", f"one row for each of {len(arrays['x'])} rows of x", f"{len(z)} rows")
    return _Source(arrays["x"], arrays["u"], z, z.shape[1])


def _estimator(source: _Source, folder: Path, options: dict[str, Any], quiet: bool) -> Any:
    """The estimator that the options describe."""
    from ivae_theory.training.experiments import METHODS as KNOWN
    from ivae_theory.training.extras import need

    module, name = KNOWN[options["method"]]
    kind = getattr(need(module, "training"), name)
    defaults = {key: p.default for key, p in inspect.signature(kind).parameters.items()}
    parameters = _defaults(source, defaults)
    parameters |= read_settings("--set", options["settings"], {k: v for k, v in defaults.items() if k not in _OWN})
    latents = options["latents"] or source.latents
    if latents is None:
        raise InputError("--latents", "the number of latents", "none, and the data do not say it")
    if options["method"] != "linear":
        parameters |= {"seed": options["seed"], "dtype": options["dtype"], "device": options["device"]}
        parameters |= {"checkpoint": str(folder / "checkpoint.safetensors"), "schedule": _schedule(options)}
        parameters["progress"] = not quiet and sys.stderr.isatty()
        if options["replicas"] is not None:
            parameters["replicas"] = options["replicas"]
        if options["monitor"]:
            from ivae_theory.training import Monitor

            parameters["callback"] = Monitor()
    return kind(latents, **parameters)


def _defaults(source: _Source, known: dict[str, Any]) -> dict[str, Any]:
    """What the data say about the parameters: a known noise, vectors u."""
    parameters: dict[str, Any] = {}
    if source.noise_variance is not None and "noise_variance" in known:
        parameters["noise_variance"] = source.noise_variance
    if source.u.ndim == 2 and source.u.shape[1] > 1 and "auxiliary" in known:
        parameters |= {"auxiliary": "vector", "prior": "mlp"}
    return parameters


def _schedule(options: dict[str, Any]) -> Any:
    from ivae_theory.training import Schedule
    from ivae_theory.training.flow_estimator import FLOW_SCHEDULE
    from ivae_theory.training.layered_estimator import LAYERED_SCHEDULE

    schedule = {"flow": FLOW_SCHEDULE, "layered": LAYERED_SCHEDULE}.get(options["method"], Schedule())
    steps = options["steps"] or schedule.steps
    return dataclasses.replace(
        schedule,
        steps=steps,
        batch=options["batch"] or schedule.batch,
        learning_rate=options["rate"] or schedule.learning_rate,
        warmup=schedule.warmup * steps // schedule.steps,
    )


def _claim(folder: Path, run: dict[str, Any]) -> None:
    """Keep one folder for one run: its checkpoint is nobody else's."""
    mine = json.loads(json.dumps(run))
    path = make_folder(folder, "--out") / "run.json"
    if path.exists():
        theirs = read_json(read_text(path, _LARGEST_RUN, "--out"), "--out")
        if not isinstance(theirs, dict):
            raise CorruptReport("--out", "a folder that this command made", f"{path}, which is no run")
        for key in sorted({*mine, *theirs}):
            if mine.get(key) != theirs.get(key):
                got = f"{folder}, whose run has {key} {theirs.get(key)!r} and not {mine.get(key)!r}"
                raise InputError("--out", "a new folder, or that of the same run", got)
    write_text(path, json.dumps(mine, indent=1) + "\n", "--out")


def _train(
    estimator: Any, source: _Source, folder: Path, options: dict[str, Any], quiet: bool
) -> tuple[Any, dict[str, Any]]:
    """Fit, save, judge."""
    from ivae_theory.training import VAE, judge, save

    if not quiet and (folder / "checkpoint.safetensors").exists():
        click.echo(f"resuming from {folder / 'checkpoint.safetensors'}", err=True)
    estimator.fit(source.x, source.u)
    save(estimator, folder / "learned.safetensors")
    vae = None
    if options["vae"] and source.truth is not None:
        shared = {name: getattr(estimator, name, None) for name in ("schedule", "seed", "dtype", "device", "replicas")}
        shared["checkpoint"] = str(folder / "vae.safetensors")
        vae = VAE(estimator.n_latents, **{name: value for name, value in shared.items() if value is not None})
        vae.fit(source.x)
    with progress("judging what was learned", quiet):
        outcome = judge(
            estimator,
            source.x,
            source.u,
            truth=source.truth,
            statistics=options["statistics"],
            vae=vae,
            goal=options["goal"],
            assume=options["assume"],
            timeout=options["timeout"],
            seed=options["seed"],
        )
    document = {"run": json.loads((folder / "run.json").read_text(encoding="utf-8")), **outcome.to_dict()}
    monitor = getattr(estimator, "callback", None)
    if monitor is not None:
        document["diagnoses"] = [dataclasses.asdict(record) for record in monitor.records]
    return outcome, document


def _write(folder: Path, json_path: str | None, outcome: Any, document: dict[str, Any]) -> None:
    from ivae_theory.files import write_text

    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    write_text(folder / "outcome.json", text, "--out")
    write_text(folder / "check.json", outcome.report.to_json(), "--out")
    if outcome.recovery is not None:
        write_text(folder / "recovery.json", outcome.recovery.to_json(), "--out")
    if json_path is not None:
        write_text(json_path, text, "--json")


def _sizes(source: _Source, estimator: Any) -> str:
    rows, d = source.x.shape
    return f"{rows} rows, d = {d}, n = {estimator.n_latents}"
