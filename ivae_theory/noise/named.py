"""The continuous laws of :mod:`scipy.stats`: parameter ranges, and the theorems that settle each one at its parameters.

Data only. A condition is an expression in the parameters that is evaluated exactly; ``"1 > 0"`` is "always". Standard
form (loc 0, scale 1) and scipy's names of shape parameters throughout. The theorems are in :mod:`.theorems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from ivae_theory.errors import InputError
from ivae_theory.exact import from_text

__all__ = ["ALWAYS", "NAMED", "NamedEntry", "condition_holds"]

ALWAYS = "1 > 0"
Values = Mapping[str, Fraction | str]


def condition_holds(condition: str, values: Values) -> bool:
    """Whether ``condition`` is true at the exact ``values``; anything that is not decided exactly is False."""
    if condition == ALWAYS:
        return True
    symbols = {sympy.Symbol(name): _exact(value) for name, value in values.items()}
    return from_text(condition, symbols, "condition").subs(symbols) is sympy.true


def _exact(value: Fraction | str) -> sympy.Expr:
    if isinstance(value, str):
        return {"oo": sympy.oo, "-oo": -sympy.oo}[value]
    return sympy.Rational(value.numerator, value.denominator)


@dataclass(frozen=True)
class NamedEntry:
    """One named law: its parameters, its range, which parameters may be infinite, and ``(theorem, condition)`` pairs."""

    name: str
    parameters: tuple[str, ...]
    valid: str
    theorems: tuple[tuple[str, str], ...]
    infinite: tuple[str, ...] = ()

    def validate(self, values: Values) -> None:
        """Refuse parameters outside the law's range.

        Raises
        ------
        InputError
            Naming the law, the condition and the values.
        """
        shown = ", ".join(f"{key}={value if isinstance(value, str) else float(value)}" for key, value in values.items())
        if set(values) != set(self.parameters):
            raise InputError(self.name, f"the parameters {', '.join(self.parameters) or '(none)'}", shown or "none")
        for key, value in values.items():
            if isinstance(value, str) and key not in self.infinite:
                raise InputError(self.name, f"a finite {key}", shown)
        if not condition_holds(self.valid, values):
            raise InputError(self.name, self.valid, shown)


def _table(text: str) -> dict[str, NamedEntry]:
    """Read lines ``name(parameters) | range | theorem: condition; ...``; a missing condition is "always"."""
    table = {}
    for line in text.strip().splitlines():
        head, valid, theorems = (part.strip() for part in line.split("|"))
        name, _, inner = head.rstrip(")").partition("(")
        marked = [part.strip() for part in inner.split(",") if part.strip()]
        pairs = []
        for entry in filter(None, (part.strip() for part in theorems.split(";"))):
            theorem, _, condition = (part.strip() for part in entry.partition(":"))
            pairs.append((theorem, condition or ALWAYS))
        infinite = tuple(part.rstrip("!") for part in marked if part.endswith("!"))
        parameters = tuple(part.rstrip("!") for part in marked)
        table[name] = NamedEntry(name, parameters, valid or ALWAYS, tuple(pairs), infinite)
    return table


# ruff: noqa: E501  # one line a law reads better than wrapped ones
# "!" marks a parameter that may be infinite. Arguments that are not in a textbook stand in docs of .theorems.
NAMED: dict[str, NamedEntry] = _table("""
alpha(a) | a > 0 | half_line_right
anglit | | compact_support
arcsine | | compact_support
argus(chi) | chi > 0 | compact_support
beta(a, b) | And(a > 0, b > 0) | compact_support
betaprime(a, b) | And(a > 0, b > 0) | infinitely_divisible; half_line_right; analytic_tails
bradford(c) | c > 0 | compact_support
burr(c, d) | And(c > 0, d > 0) | half_line_right; analytic_tails
burr12(c, d) | And(c > 0, d > 0) | half_line_right; analytic_tails
cauchy | | stable; infinitely_divisible; gaussian_scale_mixture; analytic_tails
chi(df) | df > 0 | half_line_right; exponential_moment
chi2(df) | df > 0 | infinitely_divisible; half_line_right; exponential_moment
cosine | | compact_support
crystalball(beta, m) | And(beta > 0, m > 1) | right_exponential_moment; analytic_tails
dgamma(a) | a > 0 | exponential_moment; gaussian_scale_mixture: a <= 1
dpareto_lognorm(u, s, a, b) | And(s > 0, a > 0, b > 0) | half_line_right
dweibull(c) | c > 0 | exponential_moment: c >= 1; gaussian_scale_mixture: c <= 1; analytic_tails
expon | | infinitely_divisible; half_line_right; exponential_moment
exponnorm(K) | K > 0 | infinitely_divisible; exponential_moment
exponpow(b) | b > 0 | half_line_right
exponweib(a, c) | And(a > 0, c > 0) | half_line_right
f(dfn, dfd) | And(dfn > 0, dfd > 0) | infinitely_divisible; half_line_right; analytic_tails
fatiguelife(c) | c > 0 | half_line_right
fisk(c) | c > 0 | half_line_right; analytic_tails
foldcauchy(c) | c >= 0 | half_line_right; analytic_tails
foldnorm(c) | c >= 0 | half_line_right; exponential_moment
gamma(a) | a > 0 | infinitely_divisible; half_line_right; exponential_moment
gausshyper(a, b, c, z) | And(a > 0, b > 0, z > -1) | compact_support
genexpon(a, b, c) | And(a > 0, b > 0, c > 0) | half_line_right
genextreme(c) | | half_line_left: c > 0; half_line_right: c < 0; exponential_moment: And(c >= 0, c <= 1); analytic_tails: c != 0
gengamma(a, c) | And(a > 0, c != 0) | half_line_right
genhalflogistic(c) | c > 0 | compact_support
genhyperbolic(p, a, b) | Or(And(Abs(b) < a, p >= 0), And(Abs(b) <= a, a > 0, p < 0)) | infinitely_divisible; exponential_moment: Abs(b) < a
genlogistic(c) | c > 0 | infinitely_divisible; exponential_moment
gennorm(beta) | beta > 0 | gaussian_scale_mixture: beta <= 2; exponential_moment: beta >= 1; analytic_tails
genpareto(c) | | half_line_right; compact_support: c < 0; analytic_tails
geninvgauss(p, b) | b > 0 | infinitely_divisible; half_line_right; exponential_moment
gibrat | | infinitely_divisible; half_line_right; analytic_tails
gompertz(c) | c > 0 | half_line_right; exponential_moment
gumbel_l | | infinitely_divisible; exponential_moment
gumbel_r | | infinitely_divisible; exponential_moment
halfcauchy | | half_line_right; analytic_tails
halfgennorm(beta) | beta > 0 | half_line_right; exponential_moment: beta >= 1; analytic_tails
halflogistic | | half_line_right; exponential_moment
halfnorm | | half_line_right; exponential_moment
hypsecant | | infinitely_divisible; exponential_moment
invgamma(a) | a > 0 | infinitely_divisible; half_line_right; analytic_tails
invgauss(mu) | mu > 0 | infinitely_divisible; half_line_right; exponential_moment
invweibull(c) | c > 0 | half_line_right; analytic_tails
irwinhall(n) | And(n > 0, floor(n) == n) | compact_support
jf_skew_t(a, b) | And(a > 0, b > 0) | gaussian_scale_mixture: a == b; analytic_tails
johnsonsb(a, b) | b > 0 | compact_support
johnsonsu(a, b) | b > 0 | gaussian_scale_mixture: a == 0; analytic_tails
kappa3(a) | a > 0 | half_line_right; analytic_tails
ksone(n) | And(n >= 1, floor(n) == n) | compact_support
kstwo(n) | And(n >= 1, floor(n) == n) | compact_support
kstwobign | | half_line_right; exponential_moment
kappa4(h, k) | | compact_support: And(h > 0, k > 0); half_line_right: Or(h > 0, k < 0); half_line_left: k > 0; exponential_moment: And(h <= 0, k == 0)
landau | | stable; infinitely_divisible
laplace | | infinitely_divisible; gaussian_scale_mixture; exponential_moment
laplace_asymmetric(kappa) | kappa > 0 | infinitely_divisible; exponential_moment
levy | | stable; infinitely_divisible; half_line_right
levy_l | | stable; infinitely_divisible; half_line_left
levy_stable(alpha, beta) | And(alpha > 0, alpha <= 2, Abs(beta) <= 1) | stable; infinitely_divisible
loggamma(c) | c > 0 | infinitely_divisible; exponential_moment
logistic | | infinitely_divisible; gaussian_scale_mixture; exponential_moment
loglaplace(c) | c > 0 | half_line_right; analytic_tails
lognorm(s) | s > 0 | infinitely_divisible; half_line_right; analytic_tails
lomax(c) | c > 0 | infinitely_divisible; half_line_right; analytic_tails
loguniform(a, b) | And(a > 0, b > a) | compact_support
maxwell | | half_line_right; exponential_moment
mielke(k, s) | And(k > 0, s > 0) | half_line_right; analytic_tails
moyal | | infinitely_divisible; exponential_moment
nakagami(nu) | nu > 0 | half_line_right; exponential_moment
ncf(dfn, dfd, nc) | And(dfn > 0, dfd > 0, nc >= 0) | half_line_right
nct(df, nc) | df > 0 | gaussian_scale_mixture: nc == 0; analytic_tails
ncx2(df, nc) | And(df > 0, nc >= 0) | infinitely_divisible; half_line_right; exponential_moment
norminvgauss(a, b) | And(a > 0, Abs(b) < a) | infinitely_divisible; exponential_moment
pareto(b) | b > 0 | half_line_right; analytic_tails
pearson3(skew) | | infinitely_divisible; exponential_moment
powerlaw(a) | a > 0 | compact_support
powerlognorm(c, s) | And(c > 0, s > 0) | half_line_right
powernorm(c) | c > 0 | exponential_moment
rayleigh | | half_line_right; exponential_moment
rdist(c) | c > 0 | compact_support
recipinvgauss(mu) | mu > 0 | half_line_right
rel_breitwigner(rho) | rho > 0 | half_line_right
rice(b) | b >= 0 | half_line_right; exponential_moment
semicircular | | compact_support
skewcauchy(a) | Abs(a) < 1 | gaussian_scale_mixture: a == 0; analytic_tails
skewnorm(a) | | exponential_moment
studentized_range(k, df!) | And(k > 1, df > 0) | half_line_right
t(df!) | df > 0 | infinitely_divisible; gaussian_scale_mixture; analytic_tails; exponential_moment: df >= oo
trapezoid(c, d) | And(c >= 0, c <= d, d <= 1) | compact_support
triang(c) | And(c >= 0, c <= 1) | compact_support
truncexpon(b) | b > 0 | compact_support
truncnorm(a!, b!) | a < b | compact_support: And(a > -oo, b < oo); exponential_moment
truncpareto(b, c) | And(b != 0, c > 1) | compact_support
truncweibull_min(c, a, b!) | And(c > 0, a >= 0, b > a) | half_line_right; compact_support: b < oo
tukeylambda(lam) | | compact_support: lam > 0; exponential_moment: lam == 0; analytic_tails: lam < 0
uniform | | compact_support
vonmises_line(kappa) | kappa >= 0 | compact_support
wald | | infinitely_divisible; half_line_right; exponential_moment
weibull_max(c) | c > 0 | half_line_left; analytic_tails
weibull_min(c) | c > 0 | half_line_right; exponential_moment: c >= 1; analytic_tails
wrapcauchy(c) | And(c > 0, c < 1) | compact_support
""")
