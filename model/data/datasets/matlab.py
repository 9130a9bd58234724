"""MATLAB's files: up to version 7 by scipy, version 7.3 (HDF5) by h5py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from ....errors import ConfigError

if TYPE_CHECKING:
    import h5py


def read_mat(path: Path, keys: Sequence[str]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the named arrays of a .mat file before version 7.3.

    Raises:
        ConfigError: the file cannot be read, or lacks one of them.
    """
    try:
        table = loadmat(path, variable_names=list(keys))
    except (OSError, ValueError, NotImplementedError, MatReadError) as error:
        raise ConfigError(f"{path} cannot be read as a .mat file before version 7.3: {error}") from error
    missing = [key for key in keys if key not in table]
    if missing:
        raise ConfigError(f"{path} has no {', '.join(missing)}; is this the published file?")
    return {key: table[key] for key in keys}


@contextmanager
def open_hdf5_mat(path: Path, keys: Sequence[str]) -> Iterator[h5py.File]:
    """Open a .mat file of version 7.3, whose arrays have their axes in reverse order.

    Raises:
        ConfigError: h5py is not installed, the file cannot be read, or lacks one of the keys.
    """
    try:
        import h5py
    except ImportError as error:
        raise ConfigError(f"reading {path} takes h5py: pip install 'faceql[train]'") from error
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as a .mat file of version 7.3: {error}") from error
    with file:
        missing = [key for key in keys if key not in file]
        if missing:
            raise ConfigError(f"{path} has no {', '.join(missing)}; is this the published file?")
        yield file
