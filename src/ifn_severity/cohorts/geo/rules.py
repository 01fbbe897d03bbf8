"""Rules that grade severity: what a value of a characteristic means, typed once and kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from ifn_severity.cohorts.card_fields import GRADES, LabelRule
from ifn_severity.cohorts.geo.series import Series, find_column
from ifn_severity.errors import LabelError, listed, nearest

ANY = "*"
"""As the column of a rule in a card: any column of the series."""
_MEANS = "healthy, mild, moderate, severe, critical; none (no grade) or drop (left out)"


def fold(text: str) -> str:
    """Return text without its capitals and surplus spaces, as values are compared."""
    return " ".join(text.casefold().split())


def _counted(series: Series, column: str) -> str:
    counts = series.samples[column].value_counts()
    return listed([f"{value or '(empty)'} ({n})" for value, n in counts.items()])


def need_column(series: Series, name: str, option: str) -> str:
    """Return the column that an option names.

    Parameters
    ----------
    series : Series
        The series.
    name : str
        What was typed; empty for no column.
    option : str
        The option, for the message.

    Returns
    -------
    str
        The column's name as the series writes it; empty for no column.

    Raises
    ------
    LabelError
        If there is no such column.
    """
    column = find_column(series, name) if name else ""
    if column is None:
        columns = [str(known_) for known_ in series.samples.columns]
        raise LabelError(
            f"{option} {name!r}: {series.accession} has no such column",
            expected="one of " + ", ".join(columns),
            do=nearest(name, columns),
        )
    return column


def parse_map(series: Series, entries: Sequence[str], severity_from: str) -> tuple[LabelRule, ...]:
    """Read ``VALUE=GRADE`` and ``COLUMN:VALUE=GRADE`` as rules.

    In a value ``*`` stands for any text, and ``!VALUE`` for every other value.

    Parameters
    ----------
    series : Series
        The series whose values are mapped.
    entries : sequence of str
        What was typed, in its order.
    severity_from : str
        Column of values without one; empty if none was named.

    Returns
    -------
    tuple of LabelRule
        Rules, in the same order.

    Raises
    ------
    LabelError
        If a grade is off the scale, a column unknown, a value does not occur, or a rule decides
        no sample because of the others.
    """
    default = need_column(series, severity_from, "--severity-from")
    rules = []
    for entry in entries:
        value, equals, grade = entry.rpartition("=")
        grade = grade.strip().casefold()
        if not equals or grade not in GRADES:
            raise LabelError(
                f"--map {entry!r}: {grade!r} is not on the severity scale",
                expected=f"VALUE=GRADE, where GRADE is {_MEANS}",
                do=nearest(grade, GRADES),
            )
        rules.append(_rule(series, default, value.strip(), grade))
    _refuse_idle(series, rules)
    return tuple(rules)


def _rule(series: Series, default: str, value: str, grade: str) -> LabelRule:
    """Find the column and the value that are meant, as the series writes them."""
    wanted = [(default, value)] if default else []
    for colon in re.finditer(":", value):
        column = find_column(series, value[: colon.start()].strip())
        if column is not None:
            wanted.append((column, value[colon.end() :].strip()))
    for column, word in wanted:
        for present in series.samples[column].unique():
            if fold(present) == fold(word):
                return LabelRule(column, present, grade)
        rule = LabelRule(column, word, grade)
        # "!x" where there is no x fits everybody, and would hide a slip of the pen
        but = _fits(series.samples, LabelRule(column, word.removeprefix("!"), grade))
        if (word.startswith("!") or "*" in word) and but.any():
            return rule
    if not wanted:
        raise LabelError(
            f"--map {value}={grade}: no column is named",
            expected="--severity-from COLUMN, or --map COLUMN:VALUE=GRADE",
            do=f"name the column; ifn-severity cohorts add {series.accession} lists them",
        )
    column, word = wanted[-1]
    present = [str(text) for text in series.samples[column].unique() if text]
    raise LabelError(
        f"--map: the value {word!r} does not occur in {column!r} of {series.accession}",
        expected=f"one of its values: {_counted(series, column)}",
        do=nearest(word, present) if present else "choose another column",
    )


def _fits(samples: pd.DataFrame, rule: LabelRule) -> pd.Series:
    """Tell which samples a rule fits."""
    if rule.column == ANY:
        fits = pd.Series(False, index=samples.index)
        for column in samples.columns:
            fits |= _fits(samples, LabelRule(str(column), rule.value, rule.grade))
        return fits
    cells = samples[rule.column].map(fold)
    wanted = fold(rule.value)
    if (cells == wanted).any():
        return cells == wanted
    negated = wanted.startswith("!")
    pattern = re.escape(wanted.removeprefix("!").strip()).replace(r"\*", ".*")
    fits = cells.map(lambda cell: re.fullmatch(pattern, cell) is not None)
    return ~fits if negated else fits


def _deciding(samples: pd.DataFrame, rules: Sequence[LabelRule]) -> pd.Series:
    """Tell which rule decides each sample; -1 where none fits."""
    first = pd.Series(-1, index=samples.index)
    # what each column says on its own: a drop in any of them has the last word
    own = {rule.column: first for rule in rules}
    for at, rule in enumerate(rules):
        fits = _fits(samples, rule)
        first = first.mask(fits & (first < 0), at)
        own[rule.column] = own[rule.column].mask(fits & (own[rule.column] < 0), at)
    dropping = [at for at, rule in enumerate(rules) if rule.grade == "drop"]
    left_out = pd.Series(-1, index=samples.index)
    for said in own.values():
        left_out = left_out.mask(said.isin(dropping) & (left_out < 0), said)
    return left_out.where(left_out >= 0, first)


def grades_of(samples: pd.DataFrame, rules: Sequence[LabelRule]) -> pd.Series:
    """Grade samples: the first rule that fits counts, ``none`` where none does.

    Whatever rules on other columns say, a sample is dropped if the first rule on some column
    that fits it says so: who has another disease is left out wherever that rule stands.

    Parameters
    ----------
    samples : DataFrame of shape (n_samples, n_columns)
        Columns of a series.
    rules : sequence of LabelRule
        The rules, in order.

    Returns
    -------
    Series of shape (n_samples,)
        Words of :data:`ifn_severity.cohorts.card_fields.GRADES`.

    Examples
    --------
    >>> samples = pd.DataFrame({"icu": ["yes", "no"], "tube": ["yes", "yes"]})
    >>> rules = [LabelRule("icu", "no", "moderate"), LabelRule("tube", "yes", "critical")]
    >>> grades_of(samples, rules).tolist()
    ['critical', 'moderate']
    >>> grades_of(samples, [*rules, LabelRule("icu", "yes", "drop")]).tolist()
    ['drop', 'moderate']
    """
    words = {at: rule.grade for at, rule in enumerate(rules)}
    return _deciding(samples, rules).map({-1: "none", **words}).astype(object)


def _refuse_idle(series: Series, rules: Sequence[LabelRule]) -> None:
    """Refuse a rule that fits samples and decides none: others said something else before it."""
    deciding = _deciding(series.samples, rules)
    for at, rule in enumerate(rules):
        if (deciding == at).any():
            continue
        counts = Counter(deciding[_fits(series.samples, rule)].tolist())
        others = [(rules[other], n) for other, n in counts.items()]
        if rule.grade == "none" and all(other.grade == "drop" for other, _ in others):
            continue
        said = "; ".join(f"{o.column}:{o.value}={o.grade} ({n})" for o, n in others)
        raise LabelError(
            f"--map {rule.column}:{rule.value}={rule.grade} decides no sample: those that it fits "
            f"are decided by {said}",
            expected="rules that each decide a sample: drop counts before the grades of other "
            "columns, else the first that fits counts",
            do="leave this rule out, or put it before the ones that decide now",
        )


def check_rules(series: Series, rules: Sequence[LabelRule], *, where: str) -> None:
    """Check that each rule fits a sample: a card may have been written without the files.

    Parameters
    ----------
    series : Series
        The series.
    rules : sequence of LabelRule
        The rules of its card.
    where : str
        Name of the cohort, for the message.

    Raises
    ------
    LabelError
        If a column is not there, or no sample has a value.
    """
    for rule in rules:
        if rule.column != ANY:
            need_column(series, rule.column, "the rule for")
        if not _fits(series.samples, rule).any():
            raise LabelError(
                f"{where}: no sample is {rule.column} = {rule.value}, which its card calls "
                f"{rule.grade}",
                expected="the characteristics that the card describes",
                do=f"map them anew: ifn-severity cohorts add {series.accession} lists them",
            )
