"""``ifn-severity fetch``: download and verify the source files of cohorts."""

from __future__ import annotations


def fetch(names: list[str], all_: bool = False) -> None:
    """Bring the files of cohorts into ``data/raw`` and say what is there.

    Parameters
    ----------
    names : list of str
        Cohorts to fetch.
    all_ : bool, default=False
        Fetch every cohort that has source files.

    Raises
    ------
    CohortError
        If a cohort is unknown or none was named. Nothing is fetched then.
    FetchError
        If a file cannot be had or is not the published one.
    StoreError
        If ``data/raw`` cannot be written.
    """
    from rich.console import Console

    from ifn_severity.cohorts.card import get_card, list_cohorts
    from ifn_severity.cohorts.fetch import fetch_cohort
    from ifn_severity.errors import CohortError

    if not names and not all_:
        raise CohortError(
            "no cohort was named",
            expected="one or more cohorts, or --all",
            do="ifn-severity cohorts lists them",
        )
    console = Console(highlight=False)
    cards = [card for card in list_cohorts() if card.files] if all_ else []
    chosen = {card.name: card for card in [*cards, *(get_card(name) for name in names)]}
    for card in cards:
        # whether these can be had and read is not known, and must not stop those that can
        if not card.exercised and card.name not in names:
            del chosen[card.name]
            console.print(
                f"{card.name}: left out, as its card was not exercised; "
                f"ifn-severity fetch {card.name} takes it from GEO",
                markup=False,
                soft_wrap=True,
            )
    for card in chosen.values():
        places = fetch_cohort(card.name, progress=True)
        if not places:
            console.print(f"{card.name}: nothing to fetch, it is built in", markup=False)
            continue
        size = sum(place.stat().st_size for place in places.values()) / 1e6
        folder = next(iter(places.values())).parent
        console.print(
            f"{card.name}: {len(places)} files, {size:.1f} MB, "
            f"{'verified' if card.exercised else 'as first received'} in {folder}",
            markup=False,
            soft_wrap=True,
        )
