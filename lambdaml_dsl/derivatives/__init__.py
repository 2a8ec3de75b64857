"""Derivatives of programs: difference quotients and the complex step."""
