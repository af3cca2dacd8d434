"""The pictures: their numbers come from the report, agree with the verdicts, and are missing with a reason."""

import numpy as np
import pytest
import scipy.stats
import sympy

from ivae_theory import Discrete, ExponentialFamily, Model, Noise, Prior, assume_injective, check, families
from ivae_theory.reporting import figures
from ivae_theory.reporting.pictures import _characteristic, _natural, _spectrum, report_pictures

pytest.importorskip("matplotlib", reason="needs the extra 'plot'")

OMEGA, U = sympy.Symbol("omega", real=True), sympy.Symbol("u", real=True)
TABLE = -1 / (2 * np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]]))


def model(noise=None, prior=None):
    return Model(
        prior or Prior(families.gaussian_scale(), TABLE), noise=noise or Noise.gaussian(1), mixing=assume_injective(2)
    )


@pytest.mark.parametrize(
    "prior",
    [
        Prior(families.gaussian_scale(), TABLE),
        Prior(families.gaussian_scale(), [[-1, -2], [-2, -1], [-3, -3]]),
        Prior(families.gaussian_location(), sympy.Matrix([U, U**2]), u=[U]),
        Prior([families.gamma(), families.exponential()], [[0, -1, -1], [1, -1, -1], [0, -2, -1], [0, -1, -2]]),
    ],
    ids=["floats", "exact", "symbolic", "mixed"],
)
def test_the_smallest_singular_value_is_the_margin(prior):
    report = check(model(prior=prior))
    drawing = _spectrum(report)
    shown = float(drawing.label.split("the smallest, ")[1].split(",")[0])
    assert shown == pytest.approx(report["theorem1.iii"].margin, rel=6e-3)
    values, _ = _natural(report)
    assert values.shape[1] == sum(prior.ks)


def test_too_few_rows_have_distance_zero():
    report = check(model(prior=Prior(families.gaussian_scale(), TABLE[:2])))
    assert "the smallest, 0, is the distance to failure" in _spectrum(report).label


def test_an_open_set_of_zeros_is_drawn_where_it_is():
    band = check(model(Noise(cf=sympy.Max(1 - sympy.Abs(OMEGA), 0), symbols=[OMEGA]) * 2))
    assert "zero on (-1, -0.5) and (0.5, 1)" in _characteristic(band).label


@pytest.mark.parametrize(
    ("noise", "zero"),
    [
        # A Gaussian summand makes phi tiny long before the gap: tiny is not zero.
        (Noise(cf=sympy.Max(1 - sympy.Abs(OMEGA), 0), symbols=[OMEGA]) + Noise.gaussian(100), "(1, 2)"),
        (Noise(density=(1 - sympy.cos(OMEGA)) / (sympy.pi * OMEGA**2)), "(1, 2)"),
        (Noise(density=(1 - sympy.cos(OMEGA)) / (sympy.pi * OMEGA**2)) * 4, "(0.25, 0.5)"),
    ],
    ids=["tiny before it is zero", "density", "scaled density"],
)
def test_the_zero_set_is_the_proved_one(noise, zero):
    report = check(model(noise))
    assert report["theorem1.i"].fails
    assert f"and {zero}" in _characteristic(report).label


def test_a_gap_of_one_coordinate_is_left_to_the_witness():
    band = Noise(cf=sympy.Max(1 - sympy.Abs(OMEGA), 0), symbols=[OMEGA])
    label = _characteristic(check(model(Noise.product([band, Noise.gaussian(1)])))).label
    assert "in the witness of theorem1.i" in label
    assert "no zero" not in label


def test_isolated_zeros_are_no_gap():
    label = _characteristic(check(model(scipy.stats.uniform(-1, 2)))).label
    assert "zero on" not in label
    assert "the first positive one at 3.14" in label


@pytest.mark.parametrize(
    "noise",
    [Noise.gaussian(1), Noise.none(), scipy.stats.cauchy(), Noise.gaussian([1, 4])],
    ids=["gaussian", "none", "cauchy", "plane"],
)
def test_laws_without_zeros_show_none(noise):
    assert "no zero is seen" in _characteristic(check(model(noise))).label


def test_a_density_without_a_closed_form_is_transformed():
    x = sympy.Symbol("x", real=True)
    report = check(model(Noise(density=sympy.exp(-sympy.Abs(x)) / 2)))
    assert all(picture.svg for picture in report_pictures(report))


def test_what_cannot_be_drawn_says_why():
    black_box = check(model(Discrete("bernoulli"), Prior(ExponentialFamily(lambda z: z**2), TABLE)))
    spectrum, noise, statistics = report_pictures(black_box)
    assert spectrum.svg
    assert "no law of a noise" in noise.caption
    assert "black box" in statistics.caption
    assert not noise.svg
    assert not statistics.svg


def test_without_matplotlib_the_report_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(figures, "available", lambda: False)
    path = tmp_path / "report.html"
    check(model()).to_html(path)
    text = path.read_text(encoding="utf-8")
    assert "pip install &#39;ivae_theory[plot]&#39;" in text
    assert "<svg" not in text


def test_the_report_is_as_readable_as_other_files(tmp_path):
    (tmp_path / "other").write_text("x")
    check(model()).to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_mode == (tmp_path / "other").stat().st_mode


def trained(losses, **more):
    prior = Prior(families.gaussian_scale(), TABLE)
    training = {"steps": list(range(100, 100 * len(losses) + 1, 100)), "losses": losses, **more}
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(2), training=training)


def test_training_curves_are_drawn_when_there_are_any(tmp_path):
    assert not [picture for picture in report_pictures(check(model())) if picture.title.startswith("Training")]
    losses = [[50.0, 60.0, 70.0], [3.0, 4.0, None], [2.0, 2.5, None]]
    report = check(trained(losses, chosen=0))
    drawn = report_pictures(report)[-1]
    assert drawn.title == "Training: the bound over the steps"
    assert "3 replicas, steps 100 to 300; the chosen replica goes from -50 to -2" in drawn.caption
    assert "between -2.5 and -2" in drawn.caption
    assert "Lost on the way (not finite): 2." in drawn.caption
    assert 'aria-label="The bound on the batches of training, 3 replicas' in drawn.svg
    report.to_html(tmp_path / "report.html")
    assert drawn.title in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("losses", [[[1.0]], [[None, None]], [[1.0], [1.0]], [[1e300], [-1e300]], [[None], [2.0]]])
def test_degenerate_training_curves_are_drawn(losses):
    assert report_pictures(check(trained(losses)))[-1].svg
