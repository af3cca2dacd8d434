"""Write the seed corpus: honest inputs of every kind. ``python -m tests.fuzz.make_seeds``"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective, check, equivalent, families, recover
from ivae_theory.cli.loading import load_model
from ivae_theory.equivalence.document import to_json
from tests.fuzz.targets import SEEDS

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TEXTS = (
    "z**2", "z, z**2", "log(z)", "Piecewise((z, z > 0), (0, True))", "exp(-Abs(z))/3 + 0.5", "Max(z, 0) - pi*z**(1/3)",
    "gamma(Rational(1, 2))*besselj(0, z)", "(z < 1) & (z > -1)", "-z + 1e-3", "sqrt(2)*tanh(z) + erf(z)", "oo", "z % 2",
    "hyper((1, 2), (3,), z)", "floor(exp(9)) + Mod(z, 2)", "9**9**9", "gamma(10**9)", "2**64**2", "relu(z)*softplus(z)",
    "z.__class__", "__import__('os')", "1e999", "LambertW(z, -1)", "uppergamma(3, z) + lowergamma(2, z)", "Eq(z, 1)",
)  # fmt: skip
TOKENS = (
    "**", "(", ")", ",", "z", "9", "0", "1e", "/", "-", "+", "*", "<", "&", "~", " ", "\\x00", "\\xed\\xa0\\x80", "oo",
    "pi", "E", "I", "True", "__", ".", "[", "]", "{", "}", "lambda", "if", "else", "for", "in", "not", ":=",
)  # fmt: skip


def _write(folder: str, name: str, content: bytes | str) -> None:
    path = SEEDS / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _documents() -> None:
    for name in ("section5", "figure1", "fails_few_segments", "fails_rotation", "fails_discrete", "gamma_prior"):
        report = check(load_model(str(EXAMPLES / f"{name}.py")), "permutation")
        _write("documents", f"{name}.json", report.to_json())
    u, z, y = sympy.symbols("u z y", real=True)
    symbolic = Model(
        Prior(ExponentialFamily([z, z**2], support=sympy.Reals), sympy.Matrix([[u, -(u**2) - 1]]), u=[u]),
        noise=Noise.none(),
        mixing=([z], [z**3 + z]),
    )
    _write("documents", "symbolic.json", check(symbolic, "printed").to_json())
    table = Prior(families.gaussian(), [[[0, -1]], [[1, -1]], [[2, -3]]])
    band = Model(table, noise=Noise(cf=sympy.Max(0, 1 - sympy.Abs(y)), symbols=[y]), mixing=assume_injective(1))
    _write("documents", "band_limited.json", check(band, "published").to_json())
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((400, 2))
    _write("documents", "recovery.json", recover(truth, -2 * truth[:, ::-1], statistics="z").to_json())
    z1, z2 = sympy.symbols("z1 z2", real=True)
    prior = Prior(families.gaussian_scale(), -np.array([[1.0, 2], [2, 1.5], [3, 0.5]]))
    a, b = (Model(prior, noise=Noise.none(), mixing=([z1, z2], f)) for f in ([z1, z1 + z2], [2 * z1, z1 - 3 * z2]))
    _write("documents", "equivalence.json", to_json(equivalent(a, b), a, b))


def _files() -> None:
    from ivae_theory.training import IVAE, Schedule, save
    from ivae_theory.training.store import Store

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        z = rng.standard_normal((12, 2))
        np.savez(place / "plain.npz", z_true=z, z_learned=2 * z)
        np.savez_compressed(place / "all.npz", z_true=z, z_learned=np.stack([z, z]), u=np.arange(12) // 3)
        np.savez(place / "objects.npz", z_true=z.astype(object), z_learned=z)
        with zipfile.ZipFile(place / "liar.npz", "w") as archive:
            for name in ("z_true", "z_learned"):
                header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }".ljust(117) + b"\n"
                archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        runs = Store(place / "runs.sqlite")
        runs.record({"seed": 0}, result={"mcc": 0.5}, seconds=1.0)
        runs.record({"seed": 1}, error="ValueError: no", seconds=1.0)
        for file in sorted(place.glob("*.npz")):
            _write("npz", file.name, file.read_bytes())
        _write("store", "runs.sqlite", (place / "runs.sqlite").read_bytes())
        model = IVAE(1, schedule=Schedule(steps=2, batch=8), replicas=1, seed=0).fit(z[:, :1], np.arange(12) // 3)
        save(model, place / "learned.safetensors")
        _write("checkpoint", "learned.safetensors", (place / "learned.safetensors").read_bytes())


def main() -> None:
    """Write everything; what was found by fuzzing stays beside it."""
    _documents()
    for number, text in enumerate(TEXTS):
        _write("grammar", f"text{number:02d}", text)
    (SEEDS / "grammar.dict").write_text("".join(f'"{token}"\n' for token in TOKENS))
    for name in ("figure1", "fails_rotation"):
        _write("raw_report", name, (SEEDS / "documents" / f"{name}.json").read_bytes())
    for number, text in enumerate(('{"a": [1, 2.5, null]}', "a=1", "e=[1, 2]", "b=NaN", "f=1e999", "[" * 300)):
        _write("settings", f"text{number}", text)
    _write("forged_report", "none", b"\x00\x01")
    _write("forged_report", "some", bytes(range(64)))
    _files()


if __name__ == "__main__":
    main()
