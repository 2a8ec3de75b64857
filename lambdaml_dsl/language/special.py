"""The special functions of the table.

Their kernels are those of scipy.special where these hold over the whole domain, and those of
`language.kernels` where they do not, or where SciPy has none. What a domain does not say of itself: the
degree or order `n` of a polynomial, a spherical Bessel function, `expn` or `polygamma` is a whole number, at
most 10000 (100 for `polygamma`), and the value for any other is NaN; a Bessel function of an order that is
not whole is real for x >= 0. Its derivative by the order is left to difference quotients.
"""

from __future__ import annotations

import numpy as np

from lambdaml_dsl.language.entries import (
    FROM_ZERO,
    POSITIVE,
    REALS,
    Dimension,
    Function,
    Interval,
    Kernel,
    Slope,
    from_scipy,
    named,
    of_x,
)
from lambdaml_dsl.language.kernels import (
    airy,
    bessel,
    faddeeva,
    gammas,
    incomplete,
    lambert,
    polynomials,
    zeta,
)
from lambdaml_dsl.language.kernels.choices import xlogy
from lambdaml_dsl.language.kernels.regions import corrected, of_degree, scipy_special

TWO_BY_ROOT_PI = "1.1283791670955126"
HALF_ROOT_PI = "0.886226925452758"
ROOT_HALF_PI = "1.2533141373155003"
ROOT_2_PI = "2.5066282746310007"
ROOT_TWO_BY_PI = "0.7978845608028654"
ONE_BY_ROOT_2_PI = "0.3989422804014327"
ROOT_HALF = "0.7071067811865476"
PI = "3.141592653589793"

UNKNOWN = Slope("0/0")
"""There is a derivative, but no rule for it: NaN, where a fit takes a difference quotient instead."""

BELOW_1 = Interval(high=1)
BETWEEN_0_AND_1 = Interval(0, 1)
UNIT = Interval(0, 1, "both")


def _of_n(
    name: str,
    kernel: Kernel,
    slope: str,
    doc: str,
    latex: str,
    *aliases: str,
    domain: Interval = REALS,
    real_order: bool = False,
) -> Function:
    """Make the entry of a function of a whole number n and of x; only a real order has a derivative."""
    slopes = (UNKNOWN if real_order else None, Slope(slope))
    return Function(
        name,
        ("n", "x"),
        kernel,
        slopes,
        doc,
        aliases=aliases,
        domain=(FROM_ZERO, domain),
        symbol=real_order,
        latex=latex + r"\left({x}\right)",
    )


ERROR_FUNCTIONS = (
    of_x(
        "erf",
        from_scipy(lambda special: special.erf),
        f"{TWO_BY_ROOT_PI}*exp(-square(x))",
        "error function",
    ),
    of_x(
        "erfc",
        from_scipy(lambda special: special.erfc),
        f"-{TWO_BY_ROOT_PI}*exp(-square(x))",
        "1 - erf(x), accurate for large x",
    ),
    of_x(
        "erfcx",
        from_scipy(lambda special: special.erfcx),
        "erfcx_slope(x)",
        "exp(x^2)*erfc(x), without underflow",
    ),
    of_x(
        "erfinv",
        from_scipy(lambda special: special.erfinv),
        f"{HALF_ROOT_PI}*exp(square(value))",
        "inverse of erf",
        domain=Interval(-1, 1),
        latex=named(r"\operatorname{{erf}}^{{-1}}"),
    ),
    of_x(
        "erfcinv",
        from_scipy(lambda special: special.erfcinv),
        # exp(value^2) is erfcx(value)/erfc(value), which does not magnify the error of a large value.
        f"-{HALF_ROOT_PI}*where(x == 0, 1, erfcx(value))/x",
        "inverse of erfc",
        domain=Interval(0, 2),
        latex=named(r"\operatorname{{erfc}}^{{-1}}"),
    ),
    of_x(
        "dawson",
        from_scipy(lambda special: special.dawsn),
        "dawson_slope(x)",
        "Dawson's integral exp(-x^2) * integral of exp(t^2) from 0 to x",
        "dawsn",
        latex=named("D"),
    ),
    Function(
        "voigt_profile",
        ("x", "sigma", "gamma"),
        corrected(
            from_scipy(lambda special: special.voigt_profile),
            lambda x, sigma, gamma: (sigma < 0) | (gamma < 0),
            faddeeva.not_a_number,
        ),
        (
            Slope("voigt_x(x, sigma, gamma)"),
            Slope("voigt_sigma(x, sigma, gamma)"),
            Slope("voigt_gamma(x, sigma, gamma)"),
        ),
        "normal density of standard deviation sigma folded with a Lorentzian of half width gamma, at x",
        domain=(REALS, FROM_ZERO, FROM_ZERO),
        latex=r"V\left({x}; {sigma}, {gamma}\right)",
        dimension=Dimension(("a", "a", "a"), (("a", -1),)),
    ),
    of_x(
        "ndtr",
        from_scipy(lambda special: special.ndtr),
        f"{ONE_BY_ROOT_2_PI}*exp(-0.5*square(x))",
        "standard normal distribution function",
        latex=named(r"\Phi"),
    ),
    of_x(
        "ndtri",
        from_scipy(lambda special: special.ndtri),
        # Below the middle as for erfcinv.
        f"where(x < 0.5, {ROOT_HALF_PI}*where(x == 0, 1, erfcx(-{ROOT_HALF}*value))/x,"
        f" {ROOT_2_PI}*exp(0.5*square(value)))",
        "inverse of ndtr",
        domain=BETWEEN_0_AND_1,
        latex=named(r"\Phi^{{-1}}"),
    ),
    of_x(
        "log_ndtr",
        from_scipy(lambda special: special.log_ndtr),
        f"{ROOT_TWO_BY_PI}/erfcx(-{ROOT_HALF}*x)",
        "logarithm of ndtr, accurate far below 0",
        latex=r"\left[\ln\Phi\left({x}\right)\right]",
    ),
)

GAMMA_FUNCTIONS = (
    of_x(
        "gamma",
        from_scipy(lambda special: special.gamma),
        "value*digamma(x)",
        "gamma function, (x - 1)! for whole x",
        domain=POSITIVE,
        symbol=True,
        latex=named(r"\Gamma"),
    ),
    of_x(
        "lgamma",
        from_scipy(lambda special: special.gammaln),
        "digamma(x)",
        "logarithm of abs(gamma(x))",
        "gammaln",
        domain=POSITIVE,
        latex=r"\left[\ln\Gamma\left({x}\right)\right]",
    ),
    of_x(
        "digamma",
        from_scipy(lambda special: special.psi),
        "polygamma(1, x)",
        "derivative of lgamma",
        "psi",
        domain=POSITIVE,
        symbol=True,
        latex=named(r"\psi"),
    ),
    _of_n(
        "polygamma",
        gammas.polygamma,
        "polygamma(n + 1, x)",
        "derivative of digamma of whole order n, up to 100, at x",
        r"\psi^{{\left({n}\right)}}",
        domain=POSITIVE,
    ),
    Function(
        "beta",
        ("a", "b"),
        gammas.beta,
        (Slope("value*digamma_drop(a, b)"), Slope("value*digamma_drop(b, a)")),
        "beta function gamma(a)*gamma(b)/gamma(a + b)",
        domain=(POSITIVE, POSITIVE),
        symbol=True,
        commutative=True,
        latex=r"\mathrm{{B}}\left({a}, {b}\right)",
    ),
    Function(
        "lbeta",
        ("a", "b"),
        gammas.lbeta,
        (Slope("digamma_drop(a, b)"), Slope("digamma_drop(b, a)")),
        "logarithm of beta(a, b)",
        aliases=("betaln",),
        domain=(POSITIVE, POSITIVE),
        commutative=True,
        latex=r"\left[\ln\mathrm{{B}}\left({a}, {b}\right)\right]",
    ),
    Function(
        "gammainc",
        ("a", "x"),
        from_scipy(lambda special: special.gammainc),
        (Slope("gammainc_a(a, x)"), Slope("gamma_density(a, x)", steep=True)),
        "lower incomplete gamma function of order a up to x, as a part of gamma(a)",
        domain=(POSITIVE, FROM_ZERO),
        latex=r"P\left({a}, {x}\right)",
    ),
    Function(
        "gammaincc",
        ("a", "x"),
        from_scipy(lambda special: special.gammaincc),
        (Slope("-gammainc_a(a, x)"), Slope("-gamma_density(a, x)", steep=True)),
        "upper incomplete gamma function of order a from x on, as a part of gamma(a): 1 - gammainc(a, x)",
        domain=(POSITIVE, FROM_ZERO),
        latex=r"Q\left({a}, {x}\right)",
    ),
    Function(
        "betainc",
        ("a", "b", "x"),
        corrected(
            from_scipy(lambda special: special.betainc),
            incomplete.beta_at_an_end,
            incomplete.betainc_at_an_end,
        ),
        (
            Slope("betainc_a(a, b, x)"),
            Slope("betainc_b(a, b, x)"),
            Slope("beta_density(a, b, x)", steep=True),
        ),
        "incomplete beta function of a and b up to x, as a part of beta(a, b)",
        domain=(POSITIVE, POSITIVE, UNIT),
        latex=r"I_{{{x}}}\left({a}, {b}\right)",
    ),
    Function(
        "xlogy",
        ("x", "y"),
        xlogy,
        (Slope("log(y)", steep=True), Slope("where(x == 0, 0, x/y)")),
        "x*log(y), and 0 where x is 0",
        domain=(REALS, POSITIVE),
        latex=r"\left[{x} \ln\left({y}\right)\right]",
    ),
)

BESSEL_FUNCTIONS = (
    of_x("j0", bessel.j0, "-j1(x)", "Bessel function J of order 0", symbol=True, latex=named("J_0")),
    of_x(
        "j1",
        bessel.j1,
        "where(x == 0, 0.5, j0(x) - value/x)",
        "Bessel function J of order 1",
        symbol=True,
        latex=named("J_1"),
    ),
    _of_n(
        "besselj",
        corrected(from_scipy(lambda special: special.jv), bessel.at_an_end, bessel.j_at_an_end),
        "0.5*(besselj(n - 1, x) - besselj(n + 1, x))",
        "Bessel function J of order n at x",
        "J_{{{n}}}",
        "jn",
        "jv",
        real_order=True,
    ),
    of_x(
        "y0",
        bessel.y0,
        "-y1(x)",
        "Bessel function Y of order 0",
        domain=POSITIVE,
        symbol=True,
        latex=named("Y_0"),
    ),
    of_x(
        "y1",
        bessel.y1,
        "y0(x) - value/x",
        "Bessel function Y of order 1",
        domain=POSITIVE,
        symbol=True,
        latex=named("Y_1"),
    ),
    _of_n(
        "bessely",
        corrected(from_scipy(lambda special: special.yv), bessel.at_an_end, bessel.y_at_an_end),
        "0.5*(bessely(n - 1, x) - bessely(n + 1, x))",
        "Bessel function Y of order n at x",
        "Y_{{{n}}}",
        "yn",
        "yv",
        domain=POSITIVE,
        real_order=True,
    ),
    of_x(
        "i0",
        corrected(from_scipy(lambda special: special.i0), bessel.is_infinite, bessel.even_infinity),
        "i1(x)",
        "modified Bessel function I of order 0",
        symbol=True,
        latex=named("I_0"),
    ),
    of_x(
        "i1",
        corrected(from_scipy(lambda special: special.i1), bessel.is_infinite, bessel.odd_infinity),
        "where(x == 0, 0.5, i0(x) - value/x)",
        "modified Bessel function I of order 1",
        symbol=True,
        latex=named("I_1"),
    ),
    _of_n(
        "besseli",
        corrected(from_scipy(lambda special: special.iv), bessel.at_an_end, bessel.i_at_an_end),
        "0.5*(besseli(n - 1, x) + besseli(n + 1, x))",
        "modified Bessel function I of order n at x",
        "I_{{{n}}}",
        "iv",
        real_order=True,
    ),
    of_x(
        "k0",
        from_scipy(lambda special: special.k0),
        "-k1(x)",
        "modified Bessel function K of order 0",
        domain=POSITIVE,
        symbol=True,
        latex=named("K_0"),
    ),
    of_x(
        "k1",
        from_scipy(lambda special: special.k1),
        "-k0(x) - value/x",
        "modified Bessel function K of order 1",
        domain=POSITIVE,
        symbol=True,
        latex=named("K_1"),
    ),
    _of_n(
        "besselk",
        corrected(from_scipy(lambda special: special.kv), bessel.at_an_end, bessel.k_at_an_end),
        "-0.5*(besselk(n - 1, x) + besselk(n + 1, x))",
        "modified Bessel function K of order n at x",
        "K_{{{n}}}",
        "kn",
        "kv",
        domain=POSITIVE,
        real_order=True,
    ),
    of_x(
        "i0e",
        from_scipy(lambda special: special.i0e),
        "i0e_slope(x)",
        "exp(-abs(x))*i0(x); its derivative at 0 is taken as 0",
    ),
    of_x("i1e", from_scipy(lambda special: special.i1e), "i1e_slope(x)", "exp(-abs(x))*i1(x)"),
    of_x("k0e", from_scipy(lambda special: special.k0e), "k0e_slope(x)", "exp(x)*k0(x)", domain=POSITIVE),
    of_x("k1e", from_scipy(lambda special: special.k1e), "k1e_slope(x)", "exp(x)*k1(x)", domain=POSITIVE),
    _of_n(
        "spherical_jn",
        of_degree(bessel.spherical_j),
        "(n*spherical_jn(max(n - 1, 0), x) - (n + 1)*spherical_jn(n + 1, x))/(2*n + 1)",
        "spherical Bessel function j of whole order n at x",
        "j_{{{n}}}",
    ),
    _of_n(
        "spherical_yn",
        of_degree(bessel.spherical_y),
        "(n*spherical_yn(max(n - 1, 0), x) - (n + 1)*spherical_yn(n + 1, x))/(2*n + 1)",
        "spherical Bessel function y of whole order n at x",
        "y_{{{n}}}",
        domain=POSITIVE,
    ),
    _of_n(
        "spherical_in",
        of_degree(bessel.spherical_i),
        "(n*spherical_in(max(n - 1, 0), x) + (n + 1)*spherical_in(n + 1, x))/(2*n + 1)",
        "modified spherical Bessel function i of whole order n at x",
        "i_{{{n}}}",
    ),
    _of_n(
        "spherical_kn",
        of_degree(bessel.spherical_k),
        "-(n*spherical_kn(max(n - 1, 0), x) + (n + 1)*spherical_kn(n + 1, x))/(2*n + 1)",
        "modified spherical Bessel function k of whole order n at x; k of order 0 is pi/2*exp(-x)/x",
        "k_{{{n}}}",
        domain=POSITIVE,
    ),
    of_x("airy_ai", airy.ai, "airy_aip(x)", "Airy function Ai", latex=named(r"\operatorname{{Ai}}")),
    of_x("airy_aip", airy.aip, "x*airy_ai(x)", "derivative of airy_ai", latex=named(r"\operatorname{{Ai}}'")),
    of_x("airy_bi", airy.bi, "airy_bip(x)", "Airy function Bi", latex=named(r"\operatorname{{Bi}}")),
    of_x("airy_bip", airy.bip, "x*airy_bi(x)", "derivative of airy_bi", latex=named(r"\operatorname{{Bi}}'")),
)

TURNS = f"round(phi/{PI})"
SINE = f"sin(phi - {PI}*{TURNS})"
ROOT = "square(cos(phi)) + (1 - m)*square(sin(phi))"
"""1 - m sin(phi)^2, without cancellation where m is close to 1."""

FURTHER_FUNCTIONS = (
    of_x(
        "exp1",
        from_scipy(lambda special: special.exp1),
        "-exp(-x)/x",
        "exponential integral E1: of exp(-t)/t from x to infinity",
        "expint",
        domain=POSITIVE,
        latex=named("E_1"),
    ),
    of_x(
        "expi",
        corrected(from_scipy(lambda special: special.expi), np.isposinf, np.copy),
        "exp(x)/x",
        "exponential integral Ei: of exp(t)/t from -infinity to x, x not 0",
        latex=named(r"\operatorname{{Ei}}"),
    ),
    _of_n(
        "expn",
        of_degree(lambda n, x: scipy_special().expn(n, x)),
        "where(n == 0, -exp(-x)*(1 + 1/x)/x, -expn(max(n - 1, 0), x))",
        "exponential integral of exp(-x*t)/t^n from t = 1 to infinity",
        "E_{{{n}}}",
        domain=POSITIVE,
    ),
    of_x(
        "lambertw",
        lambert.lambertw,
        "exp(-value)/lambertw_plus_one(x)",
        "Lambert's W, the inverse of w*exp(w) for w >= -1",
        domain=Interval(lambert.BRANCH_POINT, closed="low"),
        steep=True,
        latex=named("W"),
    ),
    of_x(
        "zeta",
        zeta.zeta,
        "zeta_slope(x)",
        "Riemann's zeta function, the sum of n^-x over n from 1 on",
        domain=Interval(1),
        symbol=True,
        latex=named(r"\zeta"),
    ),
    Function(
        "ellipk",
        ("m",),
        from_scipy(lambda special: special.ellipk),
        (Slope("elliprd(0, 1, 1 - m)/6"),),
        "complete elliptic integral of the first kind, of the parameter m = k^2",
        domain=(BELOW_1,),
        latex=r"K\left({m}\right)",
    ),
    Function(
        "ellipe",
        ("m",),
        from_scipy(lambda special: special.ellipe),
        (Slope("-elliprd(0, 1 - m, 1)/6", steep=True),),
        "complete elliptic integral of the second kind, of the parameter m = k^2",
        domain=(Interval(high=1, closed="high"),),
        latex=r"E\left({m}\right)",
    ),
    Function(
        "ellipkinc",
        ("phi", "m"),
        from_scipy(lambda special: special.ellipkinc),
        (
            Slope(f"1/sqrt({ROOT})"),
            Slope(
                f"where({TURNS} == 0, 0, {TURNS}*elliprd(0, 1, 1 - m)/3)"
                f" + {SINE}^3*elliprd(square(cos(phi)), 1, {ROOT})/6"
            ),
        ),
        "incomplete elliptic integral of the first kind up to the angle phi, of the parameter m = k^2",
        domain=(REALS, BELOW_1),
        latex=r"F\left({phi}, {m}\right)",
    ),
    Function(
        "ellipeinc",
        ("phi", "m"),
        from_scipy(lambda special: special.ellipeinc),
        (
            Slope(f"sqrt({ROOT})"),
            Slope(
                f"where({TURNS} == 0, 0, -{TURNS}*elliprd(0, 1 - m, 1)/3)"
                f" - {SINE}^3*elliprd(square(cos(phi)), {ROOT}, 1)/6"
            ),
        ),
        "incomplete elliptic integral of the second kind up to the angle phi, of the parameter m = k^2",
        domain=(REALS, BELOW_1),
        latex=r"E\left({phi}, {m}\right)",
    ),
    _of_n(
        "legendre",
        polynomials.legendre,
        "legendre_slope(n, x)",
        "Legendre polynomial of degree n at x",
        "P_{{{n}}}",
    ),
    _of_n(
        "hermite",
        polynomials.hermite,
        "2*n*hermite(max(n - 1, 0), x)",
        "Hermite polynomial of degree n at x, the physicists': 2*x for n = 1",
        "H_{{{n}}}",
    ),
    _of_n(
        "laguerre",
        polynomials.laguerre,
        "laguerre_slope(n, x)",
        "Laguerre polynomial of degree n at x",
        "L_{{{n}}}",
    ),
    _of_n(
        "chebyshev",
        polynomials.chebyshev,
        "n*chebyshev_u(max(n - 1, 0), x)",
        "Chebyshev polynomial of the first kind of degree n at x",
        "T_{{{n}}}",
        "chebyshev_t",
    ),
    _of_n(
        "chebyshev_u",
        polynomials.chebyshev_u,
        "chebyshev_u_slope(n, x)",
        "Chebyshev polynomial of the second kind of degree n at x",
        "U_{{{n}}}",
    ),
)

ENTRIES = (*ERROR_FUNCTIONS, *GAMMA_FUNCTIONS, *BESSEL_FUNCTIONS, *FURTHER_FUNCTIONS)


def _auxiliary(name: str, kernel: Kernel, doc: str, *arguments: str) -> Function:
    """Make an entry that only slopes call."""
    return Function(name, arguments, kernel, (UNKNOWN,) * len(arguments), doc)


# What only slopes speak of; no formula of a user's can name these.
AUXILIARY_ENTRIES = (
    _auxiliary("erfcx_slope", faddeeva.erfcx_slope, "derivative of erfcx", "x"),
    _auxiliary("dawson_slope", faddeeva.dawson_slope, "derivative of dawson", "x"),
    _auxiliary("voigt_x", faddeeva.voigt_x, "derivative of voigt_profile by x", "x", "sigma", "gamma"),
    _auxiliary("voigt_sigma", faddeeva.voigt_sigma, "the same by sigma", "x", "sigma", "gamma"),
    _auxiliary("voigt_gamma", faddeeva.voigt_gamma, "the same by gamma", "x", "sigma", "gamma"),
    _auxiliary("digamma_drop", gammas.digamma_drop_kernel, "digamma(a) - digamma(a + b)", "a", "b"),
    _auxiliary("gamma_density", incomplete.gamma_density, "x^(a - 1)*exp(-x)/gamma(a)", "a", "x"),
    _auxiliary("gammainc_a", incomplete.gammainc_a, "derivative of gammainc by a", "a", "x"),
    _auxiliary("beta_density", incomplete.beta_density, "derivative of betainc by x", "a", "b", "x"),
    _auxiliary("betainc_a", incomplete.betainc_a, "derivative of betainc by a", "a", "b", "x"),
    _auxiliary("betainc_b", incomplete.betainc_b, "derivative of betainc by b", "a", "b", "x"),
    _auxiliary("i0e_slope", bessel.i0e_slope, "derivative of i0e", "x"),
    _auxiliary("i1e_slope", bessel.i1e_slope, "derivative of i1e", "x"),
    _auxiliary("k0e_slope", bessel.k0e_slope, "derivative of k0e", "x"),
    _auxiliary("k1e_slope", bessel.k1e_slope, "derivative of k1e", "x"),
    _auxiliary("lambertw_plus_one", lambert.lambertw_plus_one, "lambertw(x) + 1", "x"),
    _auxiliary("zeta_slope", zeta.zeta_slope, "derivative of zeta", "x"),
    _auxiliary(
        "elliprd",
        from_scipy(lambda special: special.elliprd),
        "Carlson's symmetric elliptic integral R_D",
        "x",
        "y",
        "z",
    ),
    _auxiliary("legendre_slope", polynomials.legendre_slope, "derivative of legendre", "n", "x"),
    _auxiliary("laguerre_slope", polynomials.laguerre_slope, "derivative of laguerre", "n", "x"),
    _auxiliary("chebyshev_u_slope", polynomials.chebyshev_u_slope, "derivative of chebyshev_u", "n", "x"),
)
