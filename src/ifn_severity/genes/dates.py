"""Gene names that a spreadsheet turned into dates (doi:10.1186/s13059-016-1044-7)."""

from __future__ import annotations

import re

from ifn_severity.genes.table import GeneTable

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_MONTH = re.compile(rf"(?P<day>\d{{1,2}})[-/. ]{_MONTH}([-/. ](\d{{2}}|\d{{4}}))?", re.I)
_MONTH_DAY = re.compile(rf"{_MONTH}[-/. ](?P<day>\d{{1,2}})", re.I)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)([ T]00:00(:00(\.0+)?)?)?")
_SLASHES = re.compile(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(\d{4}|\d{2})")
# what stood before the number when the spreadsheet read a month
_STEMS = {3: ("MARCH", "MARC", "MAR"), 9: ("SEPT", "SEP")}


def _month_and_number(name: str) -> list[tuple[int, int]]:
    """Return the (month, number) pairs that a date may stand for; empty if it is no date."""
    text = name.strip()
    if match := _DAY_MONTH.fullmatch(text) or _MONTH_DAY.fullmatch(text):
        return [(MONTHS.index(match["month"].lower()[:3]) + 1, int(match["day"]))]
    if match := _ISO.fullmatch(text):
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
        numbers = {day}
        # "Mar-09" is read as March 2009 by some locales and stored as its first day
        if day == 1 and 2001 <= year <= 2015:
            numbers.add(year - 2000)
        return [(month, number) for number in sorted(numbers)] if 1 <= month <= 12 else []
    if match := _SLASHES.fullmatch(text):
        a, b = int(match["a"]), int(match["b"])
        return sorted({(m, d) for m, d in ((a, b), (b, a)) if 1 <= m <= 12 and 1 <= d <= 31})
    return []


def read_date(name: str, table: GeneTable) -> tuple[str, ...] | None:
    """Return the genes that a date in a column of gene names may have been.

    Parameters
    ----------
    name : str
        A name from a file, such as ``1-Mar``, ``Mar-01``, ``2001-03-01`` or ``1/Sep``.
    table : GeneTable
        The table to look names up in.

    Returns
    -------
    tuple of str or None
        Current symbols: one when the date can be undone, several when it cannot be told, none
        when no gene fits; None when the name is no date at all.

    Examples
    --------
    >>> from ifn_severity.genes.table import gene_table
    >>> read_date("7-Sep", gene_table()), read_date("1-Mar", gene_table())
    (('SEPTIN7',), ('MARCHF1', 'MTARC1'))
    >>> read_date("SEPTIN7", gene_table()) is None
    True
    """
    pairs = _month_and_number(name)
    if not pairs:
        return None
    previous: set[str] = set()
    alias: set[str] = set()
    for month, number in pairs:
        for stem in _STEMS.get(month, (MONTHS[month - 1].upper(),)):
            how, symbols = table.look_up(f"{stem}{number}")
            (alias if how == "alias" else previous).update(symbols)
    return tuple(sorted(previous or alias))
