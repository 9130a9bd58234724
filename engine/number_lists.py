"""Lists of numbers and points as callers give them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from .arguments import show

FloatArray = npt.NDArray[np.float64]


def read_numbers(name: str, values: object) -> FloatArray:
    """Return finite numbers (N,), of one number alone (1,).

    Raises:
        ConfigError: They are none.
    """
    try:
        numbers = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{name} is a list of numbers, not {show(values)}") from error
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or isinstance(values, str | bytes):
        raise ConfigError(f"{name} is a list of finite numbers, not {show(values)}")
    return numbers


def read_points(values: object) -> FloatArray:
    """Return points (N, 2), one at least, all finite.

    Raises:
        ConfigError: They are none.
    """
    try:
        points = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"points is a list of (x, y) in pixels, not {show(values)}") from error
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise ConfigError(f"points is a list of finite (x, y) in pixels, one at least, not {show(values)}")
    return points
