"""Tables of natural parameters: every way of writing one, and what is refused with which error."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from ivae_theory import families
from ivae_theory.domain import Observed, Points
from ivae_theory.errors import InputError, InputTypeError, NaturalParameterError
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.model import Prior
from tests.extras import optional

torch = optional("torch", "torch")

SCALE, BOTH = families.gaussian_scale(), families.gaussian()
TABLE = [[-1, -2, -3], [-4, -1, -1], [-2, -2, -5], [-3, -1, -2]]


@pytest.mark.parametrize(
    ("table", "kind", "dtype"),
    [
        (TABLE, "exact", "object"),
        (np.array(TABLE), "exact", "int64"),
        (np.array(TABLE, dtype=np.int8), "exact", "int64"),
        ([[Fraction(v) for v in row] for row in TABLE], "exact", "object"),
        (sympy.Matrix(TABLE), "exact", "object"),
        (lambda: torch.tensor(TABLE), "exact", "int64"),
        ([[float(v) for v in row] for row in TABLE], "floats", "float64"),
        (np.array(TABLE, dtype=np.float32), "floats", "float32"),
        (lambda: torch.tensor(TABLE, dtype=torch.float32), "floats", "float32"),
        (lambda: torch.tensor(TABLE, dtype=torch.bfloat16), "floats", "bfloat16"),
        (lambda: torch.tensor(TABLE, dtype=torch.float64, requires_grad=True), "floats", "float64"),
        ([[sympy.Float(v) for v in row] for row in TABLE], "floats", "float64"),
        ([[sympy.sqrt(2) * v for v in row] for row in TABLE], "symbols", "object"),
    ],
)
def test_every_kind_of_table_is_read(table, kind, dtype):
    prior = Prior(SCALE, table() if callable(table) else table)
    factor = np.sqrt(2) if kind == "symbols" else 1.0
    assert (prior.natural.kind, prior.natural.dtype) == (kind, dtype)
    assert (prior.n, prior.ks, prior.size) == (3, (1, 1, 1), 3)
    np.testing.assert_allclose(prior.evaluate(np.arange(4)), factor * np.array(TABLE), rtol=1e-15)
    assert isinstance(prior.domain, Points)
    assert prior.domain.values.shape == (4, 1)


def test_exact_tables_keep_their_entries_and_floats_their_rounding():
    exact = Prior(SCALE, [[Fraction(-1, 3)], [Fraction(-1, 7)]]).natural
    assert exact.exact == [[Fraction(-1, 3)], [Fraction(-1, 7)]]
    assert not exact.error.any()
    floats = Prior(SCALE, [[-1 / 3], [-1 / 7]]).natural
    assert floats.exact is None
    half_ulp = np.spacing(np.abs(floats.values)) / 2
    assert (half_ulp <= floats.error).all()
    assert (floats.error <= 2 * half_ulp).all()


@given(st.lists(st.floats(-1e6, -1e-6), min_size=1, max_size=8), st.sampled_from(["float16", "float32", "float64"]))
def test_the_error_bound_covers_rounding_to_the_dtype(values, dtype):
    with np.errstate(over="ignore"):
        rounded = np.array(values, dtype=dtype)[:, None]
    if not np.isfinite(rounded).all() or (rounded == 0).any():
        return
    natural = Prior(SCALE, rounded).natural
    for meant, entry, bound in zip(values, natural.values[:, 0], natural.error[:, 0], strict=True):
        assert abs(Fraction(meant) - Fraction(float(entry))) <= Fraction(float(bound))


@pytest.mark.parametrize(
    ("family", "shape", "n", "ks"),
    [
        (SCALE, (4, 3), 3, (1, 1, 1)),
        (SCALE, (4, 3, 1), 3, (1, 1, 1)),
        (BOTH, (4, 3, 2), 3, (2, 2, 2)),
        ([BOTH, BOTH], (4, 2, 2), 2, (2, 2)),
        ([BOTH, BOTH], (4, 4), 2, (2, 2)),
        ([SCALE, BOTH], (4, 3), 2, (1, 2)),
        ([SCALE, SCALE], (4, 2), 2, (1, 1)),
    ],
)
def test_shapes(family, shape, n, ks):
    prior = Prior(family, -np.ones(shape))
    assert (prior.n, prior.ks) == (n, ks)
    assert prior.natural.values.shape == (4, sum(ks))


@pytest.mark.parametrize(
    ("family", "shape"),
    [
        (SCALE, (4,)),
        (SCALE, (4, 3, 2)),
        (BOTH, (4, 4)),
        (BOTH, (4, 3, 1)),
        (BOTH, (4, 3, 2, 1)),
        ([SCALE, BOTH], (4, 2, 2)),
        ([SCALE, BOTH], (4, 4)),
        ([SCALE, SCALE], (4, 3)),
        (SCALE, (0, 3)),
        (SCALE, (4, 0)),
    ],
)
def test_shapes_that_disagree_are_one_error(family, shape):
    with pytest.raises(InputError, match="table: expected shape"):
        Prior(family, -np.ones(shape))


@pytest.mark.parametrize(
    ("table", "error", "says"),
    [
        ([[-1.0, np.nan]], InputError, "finite natural parameters, got nan in row 0, column 1"),
        ([[-1.0], [-np.inf]], InputError, "-inf in row 1"),
        ([[-1, -2], [-3]], InputError, "rows of different lengths"),
        ([["a"]], InputTypeError, "str"),
        ([[True]], InputTypeError, "bool"),
        ([[-1 + 2j]], InputTypeError, "complex"),
        (np.array([[-1 + 2j]]), InputTypeError, "complex128"),
        ([[-sympy.Symbol("a")]], InputTypeError, "u: expected"),
        ([[-sympy.oo]], InputError, "finite real numbers"),
        ([[sympy.I]], InputError, "finite real numbers"),
        ([[-(10**400)]], InputError, "below 1.8e308"),
        (None, InputTypeError, "NoneType"),
        ("text", InputTypeError, "str"),
    ],
)
def test_tables_that_are_refused(table, error, says):
    with pytest.raises(error, match=says):
        Prior(SCALE, table)


def test_natural_parameters_out_of_range_name_latent_u_and_value():
    table = -np.ones((5, 3))
    table[3, 1] = 0.25
    with pytest.raises(NaturalParameterError, match=r"latent 2.*lambda = \(0\.25\) at u = 3"):
        Prior(SCALE, table)


def test_the_range_is_decided_on_the_exact_entries():
    # 1 - 10^-30 rounds to 1.0; the Beta range is lambda > -1, which the exact entry satisfies and its float does not
    inside = Fraction(-1) + Fraction(1, 10**30)
    assert Prior(families.beta(), [[[inside, 1]]]).assumptions == ()
    with pytest.raises(NaturalParameterError):
        Prior(families.beta(), [[[-1, 1]]])
    with pytest.raises(NaturalParameterError):
        Prior(families.beta(), [[[-1.0, 1.0]]])


def test_every_row_of_a_large_table_is_looked_at_where_the_corners_do_not_settle_it():
    family = families.von_mises()
    rng = np.random.default_rng(0)
    assert Prior(family, rng.normal(size=(3000, 2, 2))).assumptions == ()


@pytest.mark.parametrize("error", [-1.0, np.nan, np.ones((7, 7)), "x"])
def test_declared_errors_are_checked(error):
    with pytest.raises(InputError, match="error"):
        Prior(SCALE, -np.ones((4, 3)), error=error)


def test_declared_errors_count_where_they_are_larger_than_rounding():
    prior = Prior(SCALE, -np.ones((4, 3)), error=np.array([1e-3, 0.0, 1e-5]))
    np.testing.assert_array_equal(prior.natural.error[0], [1e-3, 2.0**-53, 1e-5])
    with pytest.raises(InputError, match="nothing for a table of exact"):
        Prior(SCALE, TABLE, error=0.1)


def test_a_table_may_be_part_of_a_larger_support():
    prior = Prior(SCALE, TABLE, u=Observed(range(4)))
    assert isinstance(prior.domain, Observed)
    with pytest.raises(InputError, match=r"labels 0 \.\. 3"):
        Prior(SCALE, TABLE, u=Observed(range(5)))


@pytest.mark.parametrize("u", [[0.5], [4], [-1], [[0, 1]], [[[0]]], ["a"]])
def test_labels_outside_the_table_are_refused(u):
    with pytest.raises(InputError, match="u: expected"):
        Prior(SCALE, TABLE).evaluate(np.array(u))


def test_families_are_checked():
    with pytest.raises(InputTypeError, match="ExponentialFamily"):
        Prior("gaussian", TABLE)
    with pytest.raises(InputTypeError, match=r"family\[1\]"):
        Prior([SCALE, None], TABLE)
    with pytest.raises(InputError, match="at least one family"):
        Prior([], TABLE)


def test_samples_follow_the_table():
    prior = Prior([families.gaussian(), families.exponential()], [[4, -2, -1], [0, -1, -4]])
    z = prior.sample(np.repeat([0, 1], 20000), np.random.default_rng(0))
    assert z.shape == (40000, 2)
    means = z.reshape(2, 20000, 2).mean(axis=1)
    # Gaussian: mean lambda_1 / (-2 lambda_2) = 1, 0; exponential: mean 1 / rate = 1, 1/4. Six standard errors.
    np.testing.assert_allclose(means, [[1, 1], [0, 0.25]], atol=6 / np.sqrt(20000))


def test_log_density_is_the_sum_over_latents():
    prior = Prior(families.gaussian(), [[[1.0, -0.5], [0.0, -2.0]]])
    z = np.array([[0.3, -0.2], [1.0, 4.0]])
    expected = -0.5 * np.log(2 * np.pi) - 0.5 * (z[:, 0] - 1) ** 2
    expected += -0.5 * np.log(2 * np.pi * 0.25) - 2 * z[:, 1] ** 2
    np.testing.assert_allclose(prior.log_density(z, np.array([0, 0])), expected)


def frame(table):
    return pytest.importorskip("pandas", reason="needs the extra dev").DataFrame(table)


def variability(prior):
    return check_variability(SimpleNamespace(prior=prior))


def single(rows=8):
    """A table in single precision whose second column is a third of the first, up to rounding."""
    column = -np.random.default_rng(0).uniform(0.5, 2, rows).astype(np.float32)
    return np.stack([column, column / np.float32(3)], axis=1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda table: [list(row) for row in table],
        list,
        lambda table: tuple(map(tuple, table)),
        lambda table: [[row[0], float(row[1])] for row in table],
        lambda table: frame(table),
        lambda table: frame(table).astype({1: "float64"}),
        lambda table: frame(table).astype("Float32"),
        lambda table: frame(table).astype("Float32").astype({0: "float64"}),
        lambda table: [frame(table).astype("Float32").loc[row] for row in range(len(table))],
        lambda table: [torch.tensor(row, requires_grad=True) for row in table],
        lambda table: [[torch.tensor(value) for value in row] for row in table],
    ],
)
def test_single_precision_stays_single_precision_whatever_holds_the_numbers(wrap):
    natural = Prior(SCALE, wrap(single())).natural
    assert (natural.kind, natural.dtype) == ("floats", "float32")
    np.testing.assert_array_equal(natural.values, single().astype(np.float64))
    assert variability(Prior(SCALE, wrap(single()))).undecided, "a third of a column is dependent up to rounding"


def test_arrays_of_other_libraries_keep_their_precision():
    class Foreign:
        dtype = np.dtype(np.float32)

        def __array__(self, dtype=None, copy=None):
            return single() if dtype is None else single().astype(dtype)

    assert Prior(SCALE, Foreign()).natural.dtype == "float32"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["float[pyarrow]", "double[pyarrow]"], "float32"),
        (["halffloat[pyarrow]", "float"], "float16"),
        (["Sparse[float32, nan]", "Float64"], "float32"),
        (["bfloat16", "float32"], "bfloat16"),
        (["Float64", "int64"], "float64"),
    ],
)
def test_the_coarsest_column_counts(columns, expected):
    class Frame:
        dtypes = columns

        def __array__(self, dtype=None, copy=None):
            return single().astype(np.float64)

    assert Prior(SCALE, Frame()).natural.dtype == expected


def test_masked_rows_in_a_list_are_refused():
    rows = list(np.ma.masked_array(single(), mask=np.arange(16).reshape(8, 2) == 3))
    with pytest.raises(InputError, match="1 masked"):
        Prior(SCALE, rows)


@pytest.mark.parametrize(
    "third", [Fraction(1, 3), sympy.Rational(1, 3), np.longdouble(1) / 3, sympy.Rational(1, 3).evalf(50)]
)
def test_exact_numbers_beside_floats_are_not_rounded_into_a_relation(third):
    table = [[third, 1 / 3], [0, 0.0], [1, 1.0]]  # of rank 2 as given, of rank 1 once rounded
    assert variability(Prior(families.gaussian_location(), table)).undecided


def test_floats_beside_numbers_that_are_floats_still_decide_exactly():
    assert variability(Prior(families.gaussian_location(), [[Fraction(1, 2), 1.0], [1, 2.0], [2, 4]])).fails


@pytest.mark.parametrize("entry", [10**400, sympy.I, sympy.zoo, sympy.nan, sympy.oo])
def test_numbers_beyond_floats_beside_floats_are_refused(entry):
    with pytest.raises((InputError, InputTypeError), match="table"):
        Prior(families.gaussian_location(), [[entry, 0.5], [0, 0]])


@pytest.mark.parametrize("change", ["to_sparse", "float8_e4m3fn"])
def test_tensors_that_numpy_lacks_are_refused(change):
    tensor = torch.tensor(single())
    table = tensor.to_sparse() if change == "to_sparse" else tensor.to(getattr(torch, change))
    with pytest.raises(InputTypeError, match="table"):
        Prior(SCALE, table)
