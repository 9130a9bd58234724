"""The paper's tables as data: its figures, the test sets of its columns, and the runs that its rows stand for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Column(BaseModel):
    """A test set: the kind of its dataset (docs/datasets.md) and which of its tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    kind: str
    test: str = "full"


class Row(BaseModel):
    """A method and its figures as printed; `run` names the checkpoint where the method is the paper's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    values: tuple[str, ...]
    run: str = ""


class PaperTable(BaseModel):
    """One table; `note` says what its reader should know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...]
    note: str = ""


class Run(BaseModel):
    """How a row's checkpoint is trained: a recipe, what it changes, and the kinds of the datasets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str
    datasets: tuple[str, ...]
    changes: str = ""


class PaperTables(BaseModel):
    """All of them, by number; Table 7 apart, for it has no test sets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: dict[str, Run]
    tables: dict[str, PaperTable]
    clusters: PaperTable

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for number, table in self.tables.items():
            for row in table.rows:
                if len(row.values) != len(table.columns) or (row.run and row.run not in self.runs):
                    raise ValueError(f"table {number}, {row.method}: a value or a run is missing")
        return self


@cache
def load_paper_tables() -> PaperTables:
    """Read the tables from the package's data."""
    text = files(__package__).joinpath("paper_tables.toml").read_text(encoding="utf-8")
    return PaperTables.model_validate(tomllib.loads(text))
