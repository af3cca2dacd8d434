"""Which theorem applies to which named law under which condition: the rechecker's own table.

Organised by theorem, with conditions as functions of the exact parameters; it shares nothing with the tables that the
search uses (:mod:`ivae_theory.noise.named`), so that a slip in one of them shows.
"""

from __future__ import annotations

from typing import Any

import sympy

# ruff: noqa: E501  # the dictionary of names reads better in long lines
__all__ = ["ALL", "APPLIES", "SAYS", "exists"]

P = dict[str, Any]

#: What must hold of the parameters for the named law to exist at all; laws that are not listed have no parameters.
_POSITIVE = {
    "alpha": "a", "argus": "chi", "beta": "a b", "betaprime": "a b", "bradford": "c", "burr": "c d", "burr12": "c d",
    "chi": "df", "chi2": "df", "crystalball": "beta", "dgamma": "a", "dpareto_lognorm": "s a b", "dweibull": "c",
    "exponnorm": "K", "exponpow": "b", "exponweib": "a c", "f": "dfn dfd", "fatiguelife": "c", "fisk": "c", "gamma": "a",
    "gausshyper": "a b", "genexpon": "a b c", "gengamma": "a", "genhalflogistic": "c", "genhyperbolic": "a", "genlogistic": "c",
    "gennorm": "beta", "geninvgauss": "b", "gompertz": "c", "halfgennorm": "beta", "invgamma": "a", "invgauss": "mu",
    "invweibull": "c", "irwinhall": "n", "jf_skew_t": "a b", "johnsonsb": "b", "johnsonsu": "b", "kappa3": "a", "ksone": "n",
    "kstwo": "n", "laplace_asymmetric": "kappa", "levy_stable": "alpha", "loggamma": "c", "loglaplace": "c", "lognorm": "s",
    "loguniform": "a", "lomax": "c", "mielke": "k s", "nakagami": "nu", "ncf": "dfn dfd", "nct": "df", "ncx2": "df",
    "norminvgauss": "a", "pareto": "b", "powerlaw": "a", "powerlognorm": "c s", "powernorm": "c", "rdist": "c",
    "recipinvgauss": "mu", "rel_breitwigner": "rho", "studentized_range": "df", "t": "df", "truncexpon": "b",
    "truncweibull_min": "c", "weibull_max": "c", "weibull_min": "c", "wrapcauchy": "c",
}  # fmt: skip
_EXIST: dict[str, Any] = {
    "crystalball": lambda p: p["m"] > 1,
    "foldcauchy": lambda p: p["c"] >= 0,
    "foldnorm": lambda p: p["c"] >= 0,
    "gausshyper": lambda p: p["z"] > -1,
    "gengamma": lambda p: p["c"] != 0,
    "genhyperbolic": lambda p: abs(p["b"]) < p["a"] or (abs(p["b"]) == p["a"] and p["p"] < 0),
    "irwinhall": lambda p: p["n"].q == 1,
    "ksone": lambda p: p["n"].q == 1,
    "kstwo": lambda p: p["n"].q == 1,
    "levy_stable": lambda p: p["alpha"] <= 2 and abs(p["beta"]) <= 1,
    "loguniform": lambda p: p["b"] > p["a"],
    "ncf": lambda p: p["nc"] >= 0,
    "ncx2": lambda p: p["nc"] >= 0,
    "norminvgauss": lambda p: abs(p["b"]) < p["a"],
    "rice": lambda p: p["b"] >= 0,
    "skewcauchy": lambda p: abs(p["a"]) < 1,
    "studentized_range": lambda p: p["k"] > 1,
    "trapezoid": lambda p: 0 <= p["c"] <= p["d"] <= 1,
    "triang": lambda p: 0 <= p["c"] <= 1,
    "truncnorm": lambda p: p["a"] < p["b"],
    "truncpareto": lambda p: p["b"] != 0 and p["c"] > 1,
    "truncweibull_min": lambda p: 0 <= p["a"] < p["b"],
    "vonmises_line": lambda p: p["kappa"] >= 0,
    "wrapcauchy": lambda p: p["c"] < 1,
}


def _always(names: str, **conditions: Any) -> dict[str, Any]:
    return {**dict.fromkeys(names.split(), lambda p: True), **conditions}


#: Theorem -> law -> condition on its exact parameters.
APPLIES: dict[str, dict[str, Any]] = {
    "infinitely_divisible": _always(
        "betaprime cauchy chi2 expon exponnorm f gamma genhyperbolic genlogistic geninvgauss gibrat gumbel_l gumbel_r "
        "hypsecant invgamma invgauss landau laplace laplace_asymmetric levy levy_l levy_stable loggamma logistic lognorm "
        "lomax moyal ncx2 norminvgauss pearson3 t wald"
    ),
    "gaussian_scale_mixture": _always(
        "cauchy laplace logistic t",
        dgamma=lambda p: p["a"] <= 1,
        dweibull=lambda p: p["c"] <= 1,
        gennorm=lambda p: p["beta"] <= 2,
        jf_skew_t=lambda p: p["a"] == p["b"],
        johnsonsu=lambda p: p["a"] == 0,
        nct=lambda p: p["nc"] == 0,
        skewcauchy=lambda p: p["a"] == 0,
    ),
    "compact_support": _always(
        "anglit arcsine argus beta bradford cosine gausshyper genhalflogistic irwinhall johnsonsb ksone kstwo loguniform "
        "powerlaw rdist semicircular trapezoid triang truncexpon truncpareto uniform vonmises_line wrapcauchy",
        genpareto=lambda p: p["c"] < 0,
        kappa4=lambda p: p["h"] > 0 and p["k"] > 0,
        truncnorm=lambda p: p["a"] != -sympy.oo and p["b"] != sympy.oo,
        truncweibull_min=lambda p: p["b"] != sympy.oo,
        tukeylambda=lambda p: p["lam"] > 0,
    ),
    "exponential_moment": _always(
        "chi chi2 dgamma expon exponnorm foldnorm gamma geninvgauss genlogistic gompertz gumbel_l gumbel_r halflogistic "
        "halfnorm hypsecant invgauss kstwobign laplace laplace_asymmetric loggamma logistic maxwell moyal nakagami ncx2 "
        "norminvgauss pearson3 powernorm rayleigh rice skewnorm truncnorm wald",
        dweibull=lambda p: p["c"] >= 1,
        genextreme=lambda p: 0 <= p["c"] <= 1,
        genhyperbolic=lambda p: abs(p["b"]) < p["a"],
        gennorm=lambda p: p["beta"] >= 1,
        halfgennorm=lambda p: p["beta"] >= 1,
        kappa4=lambda p: p["h"] <= 0 and p["k"] == 0,
        tukeylambda=lambda p: p["lam"] == 0,
        t=lambda p: p["df"] == sympy.oo,
        weibull_min=lambda p: p["c"] >= 1,
    ),
    "half_line_right": _always(
        "alpha betaprime burr burr12 chi chi2 dpareto_lognorm expon exponpow exponweib f fatiguelife fisk foldcauchy foldnorm "
        "gamma genexpon gengamma genpareto geninvgauss gibrat gompertz halfcauchy halfgennorm halflogistic halfnorm invgamma "
        "invgauss invweibull kappa3 kstwobign levy loglaplace lognorm lomax maxwell mielke nakagami ncf ncx2 pareto "
        "powerlognorm rayleigh recipinvgauss rel_breitwigner rice studentized_range truncweibull_min wald weibull_min",
        genextreme=lambda p: p["c"] < 0,
        kappa4=lambda p: p["h"] > 0 or p["k"] < 0,
    ),
    "half_line_left": _always(
        "levy_l weibull_max", genextreme=lambda p: p["c"] > 0, kappa4=lambda p: p["k"] > 0
    ),
    "right_exponential_moment": _always("crystalball"),
    "stable": _always("cauchy landau levy levy_l levy_stable"),
    "analytic_tails": _always(
        "betaprime burr burr12 f fisk foldcauchy genpareto gibrat halfcauchy halfgennorm invgamma invweibull kappa3 "
        "loglaplace lognorm lomax mielke pareto t weibull_max weibull_min cauchy crystalball dweibull gennorm jf_skew_t johnsonsu nct skewcauchy",
        genextreme=lambda p: p["c"] != 0,
        tukeylambda=lambda p: p["lam"] < 0,
    ),
}  # fmt: skip

ALL = {"positive", "never_zero", "right", "left", "off_zero"}
#: What each theorem says of a characteristic function (:mod:`ivae_theory.noise.theorems`).
SAYS: dict[str, set[str]] = {
    "no_noise": ALL,
    "gaussian": ALL,
    "gaussian_scale_mixture": {"positive", "never_zero"},
    "infinitely_divisible": {"never_zero"},
    "stable": {"never_zero", "off_zero"},
    "never_vanishing_form": {"never_zero"},
    "compact_support": {"right", "left", "off_zero"},
    "exponential_moment": {"right", "left", "off_zero"},
    "half_line_right": {"left"},
    "left_exponential_moment": {"left"},
    "half_line_left": {"right"},
    "right_exponential_moment": {"right"},
    "analytic_tails": {"off_zero"},
}


def exists(name: str, p: P) -> bool:
    """Whether the parameters are in the law's range."""
    positive = all(p[key] > 0 for key in _POSITIVE.get(name, "").split())
    return positive and bool(_EXIST.get(name, lambda _: True)(p))
