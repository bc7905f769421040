"""Measures and outcomes as text for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog.classified_table import plain
from retention.risk.generalizing import Outcome
from retention.risk.measuring import Measures

WORST = 8  # combinations of columns that are shown


def describe(measures: Measures, *, sensitive: str = "") -> str:
    return "\n".join(map(plain, _lines(measures, sensitive)))


def _lines(measures: Measures, sensitive: str) -> Iterator[str]:
    risk = measures.risk
    yield f"{measures.rows:,} rows in {measures.classes:,} classes of {measures.average:,.1f} rows on average"
    yield ""
    yield f"k-anonymity                {measures.k:,}"
    if measures.diversity:
        diversity = measures.diversity
        yield f"l-diversity of {sensitive}: distinct {diversity.distinct}, entropy {diversity.entropy:.3f}"
        for wanted, c in diversity.recursive.items():
            yield f"  recursive (c,{wanted})           for every c above {c:.4g}"
    if measures.t is not None:
        yield f"t-closeness, equal         {measures.t:.4f}"
    if measures.ordered_t is not None:
        yield f"t-closeness, ordered       {measures.ordered_t:.4f}"
    yield f"discernibility             {measures.discernibility:,}"
    yield ""
    yield f"prosecutor risk, highest   {risk.prosecutor_highest:.2%}"
    yield f"journalist risk, highest   {risk.journalist_highest:.2%}"
    yield f"marketer risk, average     {risk.marketer:.2%}"
    yield f"unique rows                {risk.uniques:.2%}"
    yield f"rows above {risk.threshold:.0%} risk        {risk.above:.2%}"
    yield ""
    for attack in measures.attacks:
        yield (
            f"{attack.title:<14} {attack.rows:>7.2%} of rows for certain, {attack.average:.2%} on average, "
            f"{attack.highest:.2%} at worst (knowing nothing: {attack.without:.2%})"
        )
    yield ""
    yield "Rows that are unique by few columns alone, the worst first:"
    for subset in measures.subsets[:WORST]:
        yield f"  {subset.share:>7.2%}  {' + '.join(subset.columns)}"


def describe_outcome(outcome: Outcome) -> str:
    return "\n".join(map(plain, _outcome_lines(outcome)))


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    yield ""
    if not outcome.met:
        yield f"No generalization: {outcome.words}"
        return
    if outcome.levels:
        levels = ", ".join(f"{column} {level}" for column, level in outcome.levels.items())
        yield f"Levels: {levels}"
    else:
        yield f"Local recoding into {outcome.boxes:,} boxes"
    yield (
        f"Loss {outcome.loss:.6f}, discernibility {outcome.discernibility:,}; {outcome.classes:,} classes; "
        f"{outcome.suppressed_rows:,} rows suppressed of at most {outcome.most_suppressed_rows:,}"
    )
    if outcome.method == "search":
        proof = (
            "the optimum"
            if outcome.optimal
            else f"not proved optimal; nothing costs less than {outcome.bound:.6g}"
        )
        yield (
            f"{outcome.visited:,} of {outcome.nodes:,} nodes visited in {outcome.seconds:.2f} s by {outcome.metric}: "
            f"{proof}"
        )
    if outcome.words:
        yield outcome.words


def kept_as_they_are(columns: Sequence[str]) -> str:
    return plain(
        f"Written as they are: {', '.join(columns)}. Say --drop for what identifies a person by itself."
    )
