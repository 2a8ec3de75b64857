"""Names that mean a number: pi and e, and the constants of physics as ``const.k_B``.

The latter are the CODATA values that SciPy carries, in SI units; the prefix keeps k, h and c free for
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

CONSTANTS: Mapping[str, float] = MappingProxyType(
    {"pi": np.pi, "\N{GREEK SMALL LETTER PI}": np.pi, "e": np.e}
)
"""Names that mean a number unless the user declares them."""

PHYSICAL = "const."
"""How the name of a physical constant begins."""


class Physical(NamedTuple):
    """A physical constant: SciPy's name for it, its unit, and what it is."""

    key: str
    unit: str
    doc: str


PHYSICAL_CONSTANTS: Mapping[str, Physical] = MappingProxyType(
    {
        "c": Physical("speed of light in vacuum", "m/s", "speed of light"),
        "h": Physical("Planck constant", "J s", "Planck constant"),
        "hbar": Physical("reduced Planck constant", "J s", "h/(2 pi)"),
        "k_B": Physical("Boltzmann constant", "J/K", "Boltzmann constant"),
        "N_A": Physical("Avogadro constant", "1/mol", "Avogadro constant"),
        "R": Physical("molar gas constant", "J/(mol K)", "gas constant"),
        "F": Physical("Faraday constant", "C/mol", "Faraday constant"),
        "q_e": Physical("elementary charge", "C", "charge of the proton"),
        "G": Physical("Newtonian constant of gravitation", "m^3/(kg s^2)", "constant of gravitation"),
        "g_n": Physical("standard acceleration of gravity", "m/s^2", "standard acceleration of gravity"),
        "sigma": Physical("Stefan-Boltzmann constant", "W/(m^2 K^4)", "Stefan-Boltzmann constant"),
        "b": Physical("Wien wavelength displacement law constant", "m K", "Wien's displacement constant"),
        "epsilon_0": Physical("vacuum electric permittivity", "F/m", "vacuum permittivity"),
        "mu_0": Physical("vacuum mag. permeability", "N/A^2", "vacuum permeability"),
        "Z_0": Physical("characteristic impedance of vacuum", "ohm", "impedance of the vacuum"),
        "alpha": Physical("fine-structure constant", "", "fine-structure constant"),
        "m_e": Physical("electron mass", "kg", "mass of the electron"),
        "m_p": Physical("proton mass", "kg", "mass of the proton"),
        "m_n": Physical("neutron mass", "kg", "mass of the neutron"),
        "m_mu": Physical("muon mass", "kg", "mass of the muon"),
        "u": Physical("atomic mass constant", "kg", "atomic mass unit"),
        "a_0": Physical("Bohr radius", "m", "Bohr radius"),
        "r_e": Physical("classical electron radius", "m", "classical radius of the electron"),
        "lambda_C": Physical("Compton wavelength", "m", "Compton wavelength of the electron"),
        "R_inf": Physical("Rydberg constant", "1/m", "Rydberg constant"),
        "E_h": Physical("Hartree energy", "J", "Hartree energy"),
        "mu_B": Physical("Bohr magneton", "J/T", "Bohr magneton"),
        "mu_N": Physical("nuclear magneton", "J/T", "nuclear magneton"),
        "Phi_0": Physical("mag. flux quantum", "Wb", "magnetic flux quantum"),
        "G_0": Physical("conductance quantum", "S", "conductance quantum"),
        "K_J": Physical("Josephson constant", "Hz/V", "Josephson constant"),
        "R_K": Physical("von Klitzing constant", "ohm", "von Klitzing constant"),
        "eV": Physical("electron volt", "J", "electron volt"),
        "atm": Physical("standard atmosphere", "Pa", "standard atmosphere"),
        "V_m": Physical(
            "molar volume of ideal gas (273.15 K, 101.325 kPa)", "m^3/mol", "molar volume at 0 C and 1 atm"
        ),
        "sigma_T": Physical("Thomson cross section", "m^2", "Thomson cross section"),
    }
)
"""The constants behind ``const.``, by symbol."""


@cache
def constant_value(symbol: str) -> float:
    """Give the value of a physical constant, in SI units.

    Examples
    --------
    >>> constant_value("c")
    299792458.0
    """
    from scipy.constants import value

    return float(value(PHYSICAL_CONSTANTS[symbol].key))
