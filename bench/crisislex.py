"""`python -m bench.crisislex`: rules, and a model of words, beside what people coded, on events neither has seen.

Belongs here: reading the package, splitting it by events, scoring, printing. Does not belong here: the rules
(crisislex.yml), the matching (the project's own models) and the learning (orchestration/suggesting).

13,729 posts of 13 disasters, each coded by three or more people into one of seven information types (Olteanu, Vieweg
and Castillo 2015, "What to Expect When the Unexpected Happens", CSCW '15). Every second event by name, from the first
on, was looked at while the rules were written; the figures are those of the others. No text is printed.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.grow import shared_data
from orchestration.codebook import read_codebook
from orchestration.coding.agreement import precision_recall_f1
from orchestration.suggesting.model import Features, classifier
from tests.coded import build_themes

PACKAGE = "crisislex_t26_even"
CODEBOOK = Path(__file__).with_name("crisislex.yml")
RESULTS = Path(__file__).parent / "results" / "crisislex.md"
TYPES = {
    "AFF": "Affected individuals",
    "INF": "Infrastructure and utilities",
    "DON": "Donations and volunteering",
    "CAU": "Caution and advice",
    "SYM": "Sympathy and support",
    "OTH": "Other Useful Information",
    "NOT": "Not applicable",
}
# Nobody coded these: they have nothing to do with the event.
NOT_CODED = "Not labeled"
# Coded posts from which the model learns, besides all of them, and how often a size is drawn.
SIZES, DRAWS = (200, 400, 800), 5


@dataclass(frozen=True)
class Post:
    """One coded post."""

    event: str
    text: str
    code: str
    is_tuned: bool


@dataclass(frozen=True)
class Score:
    """One type: precision, recall, F1. None where nothing was predicted or nothing has it."""

    precision: float | None
    recall: float | None
    f1: float


def posts_of(package: Path) -> list[Post]:
    """The coded posts."""
    of_type = {name: code for code, name in TYPES.items()}
    posts = []
    with zipfile.ZipFile(package) as archive:
        tables = sorted(name for name in archive.namelist() if name.endswith("-tweets_labeled.csv"))
        for number, name in enumerate(tables):
            rows = csv.reader(io.StringIO(archive.read(name).decode("utf-8"), newline=""), skipinitialspace=True)
            next(rows)
            for row in rows:
                if row[3] != NOT_CODED:
                    posts.append(Post(Path(name).parent.name, row[1], of_type[row[3]], number % 2 == 0))
    return posts


def by_rules(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """What the rules give each text; `NOT` where they give nothing."""
    found = {code: np.zeros(len(texts), dtype=bool) for code in TYPES}
    con = build_themes(read_codebook(CODEBOOK), texts, tags_of(texts))
    for key, code in con.execute("select distinct post_key, theme_code from marts.fct_theme_hits").fetchall():
        found[code][int(key)] = True
    found["NOT"] = ~np.logical_or.reduce([found[code] for code in TYPES if code != "NOT"])
    return found


def tags_of(texts: Sequence[str]) -> list[tuple[int, str]]:
    """Hashtags as the project finds them where a source marks none."""
    from tests.conformance import hashtags_sql
    from tests.sql_macros import evaluate, render

    found = evaluate(hashtags_sql(), texts)
    tags = [(n, entity["tag"]) for n, entities in enumerate(found) for entity in entities or []]
    folded = evaluate(render("fold", "text"), [tag for _, tag in tags])
    return sorted({(n, tag) for (n, _), tag in zip(tags, folded, strict=True)})


def by_words(train: Sequence[Post], texts: Sequence[str], seed: int) -> dict[str, np.ndarray]:
    """What a model per type, as `suara coding suggest` trains it, says of each text."""
    features = Features([post.text for post in train])
    matrix = features.of(texts)
    found = {}
    for code in TYPES:
        codes = np.array([post.code == code for post in train])
        trained = classifier(seed).fit(features.matrix, codes) if 0 < codes.sum() < len(codes) else None
        found[code] = trained.predict(matrix) if trained else np.zeros(len(texts), dtype=bool)
    return found


def scores(posts: Sequence[Post], predicted: Mapping[str, np.ndarray]) -> dict[str, Score]:
    """Each type against the codes."""
    result = {}
    for code in TYPES:
        figures = precision_recall_f1([post.code == code for post in posts], predicted[code])
        result[code] = Score(figures.precision.value, figures.recall.value, figures.f1.value or 0.0)
    return result


def macro(found: Mapping[str, Score], without: Sequence[str] = ()) -> float:
    """The plain mean of F1 over types."""
    return float(np.mean([score.f1 for code, score in found.items() if code not in without]))


def measure(posts: Sequence[Post]) -> str:
    """Everything, as Markdown."""
    rules = by_rules([post.text for post in posts])
    sides = {
        True: [n for n, p in enumerate(posts) if p.is_tuned],
        False: [n for n, p in enumerate(posts) if not p.is_tuned],
    }
    of_side = {
        side: scores([posts[n] for n in numbers], {code: given[numbers] for code, given in rules.items()})
        for side, numbers in sides.items()
    }
    train, test = ([posts[n] for n in sides[side]] for side in (True, False))
    texts = [post.text for post in test]
    whole = scores(test, by_words(train, texts, 0))
    curve = {}
    for size in SIZES:
        elsewhere, here = [], []
        for seed in range(DRAWS):
            chosen = np.random.default_rng(seed)
            few = [train[i] for i in chosen.choice(len(train), size, replace=False)]
            elsewhere.append(scores(test, by_words(few, texts, seed)))
            order = chosen.permutation(len(test))
            coded, rest = ([test[i] for i in part] for part in (order[:size], order[size:]))
            here.append(scores(rest, by_words(coded, [post.text for post in rest], seed)))
        curve[size] = (elsewhere, here)
    return table(posts, of_side, whole, curve)


def table(
    posts: Sequence[Post],
    of_side: Mapping[bool, Mapping[str, Score]],
    whole: Mapping[str, Score],
    curve: Mapping[int, Sequence[Sequence[Mapping[str, Score]]]],
) -> str:
    """The Markdown."""
    counts = Counter((post.is_tuned, post.code) for post in posts)
    events = {side: sorted({p.event.replace("_", " ") for p in posts if p.is_tuned is side}) for side in (True, False)}
    terms = sum(not term.is_hashtag for _, term in read_codebook(CODEBOOK).terms())
    lines = [
        "# Seven information types: rules, and a model of words, beside people",
        "",
        f"`python -m bench.crisislex`: {len(posts):,} posts of CrisisLexT26 that people coded. Rules: "
        f"bench/crisislex.yml, {terms} terms.",
        "",
        f"- tuned on: {', '.join(events[True])}",
        f"- reported on: {', '.join(events[False])}",
        "",
        "People gave each post one type; rules and model may give several. Rules find *Not applicable* where they find "
        "nothing else.",
        "",
        "| type | posts tuned | posts reported | F1 tuned | precision | recall | **F1** "
        "| model: precision | recall | F1 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    for code, name in TYPES.items():
        tuned, reported, model = of_side[True][code], of_side[False][code], whole[code]
        lines.append(
            f"| {name} | {counts[True, code]:,} | {counts[False, code]:,} | {cell(tuned.f1)} | "
            f"{cell(reported.precision)} | {cell(reported.recall)} | **{cell(reported.f1)}** | "
            f"{cell(model.precision)} | {cell(model.recall)} | {cell(model.f1)} |"
        )
    lines += [
        f"| macro-F1 of the seven | | | {macro(of_side[True]):.2f} | | | **{macro(of_side[False]):.2f}** | | | "
        f"{macro(whole):.2f} |",
        f"| of the five without the last two | | | {macro(of_side[True], ('OTH', 'NOT')):.2f} | | | "
        f"**{macro(of_side[False], ('OTH', 'NOT')):.2f}** | | | {macro(whole, ('OTH', 'NOT')):.2f} |",
        "",
        f"The model of the table learnt from all {sum(p.is_tuned for p in posts):,} posts of the tuned events. With "
        "fewer posts, of the tuned events, or of the reported events themselves and judged on the rest of these (mean "
        f"of {DRAWS} draws):",
        "",
        "| hand-coded posts | of other events: macro-F1 of the seven | of the five "
        "| of these events: of the seven | of the five |",
        "|---:|---:|---:|---:|---:|",
    ]
    for size, sides in curve.items():
        cells = [
            f"{np.mean([macro(one, without) for one in found]):.2f}"
            for found in sides
            for without in ((), ("OTH", "NOT"))
        ]
        lines.append(f"| {size} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.crisislex", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write the table to bench/results/{RESULTS.name}")
    write = parser.parse_args().write
    folder = shared_data()
    if folder is None:
        print("The real files are not here: set SUARA_SHARED_DATA or put them at ../shared/data.", file=sys.stderr)
        return 1
    text = measure(posts_of(folder / f"{PACKAGE}.zip"))
    print(text)
    if write:
        RESULTS.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
