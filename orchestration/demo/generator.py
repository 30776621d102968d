"""Plans the demo: how much the fictional organisation posts, when, of which kind, and with which defects.

Belongs here: the plan, the seeded choices, the writing of the two captures and of the truth.
Does not belong here: words (`texts.py`), file forms (`native.py`), counting (`truth.py`), dagster.

The same seed and scale give the same bytes on every machine: choices use only plain uniform numbers and
whole-number arithmetic, zips are stored with fixed times, JSON is written with fixed separators.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from orchestration.demo import native, texts
from orchestration.demo.native import Account, Metrics, Other, Post, Span
from orchestration.demo.truth import (
    JAKARTA,
    CaptureTruth,
    DemoTruth,
    TruthPost,
    count_hashtags,
    count_interactions,
    count_months,
    count_themes,
)

T = TypeVar("T")

SEED = 20150701
SMALLEST_SCALE = 0.25
ARCHIVE_NAME = "synthetic_x_archive_SuaraSyntheticOrgDemo.zip"
API_NAME = "synthetic_x_api_v2_search.jsonl"

# X allows 15 characters in a handle: none of these can exist.
ORGANISATION = Account(
    "9150701000001",
    "SuaraSyntheticOrgDemo",
    "Yayasan Suara Sintetis (synthetic)",
    datetime(2015, 6, 30, 17, 0, 0, tzinfo=UTC),
)
PARTNERS = (
    Account("9150701000002", "SuaraSyntheticPartnerA", "Mitra Sintetis A (synthetic)"),
    Account("9150701000003", "SuaraSyntheticDonorBX", "Donor Sintetis B (synthetic)"),
    Account("9150701000004", "SuaraSyntheticMinistry", "Kementerian Sintetis (synthetic)"),
)
PERSON_COUNT = 300
PERSONS = tuple(
    Account(str(9150701100000 + number), f"synthetic_person_{number:06d}", f"Orang Sintetis {number} (synthetic)")
    for number in range(1, PERSON_COUNT + 1)
)
ACCOUNTS = {account.handle.lower(): account for account in (ORGANISATION, *PARTNERS, *PERSONS)}

FIRST_MONTH, LAST_MONTH = (2015, 7), (2023, 3)
EMPTY_MONTHS = ((2018, 6), (2018, 7))
STEP_MONTH = (2017, 1)
BURST = ((2020, 3), (2020, 8))
GENERATED_AT = datetime(2023, 3, 31, 16, 59, 59, 412_000, tzinfo=UTC)  # the last second of March in Jakarta
FIRST_RETRIEVAL = datetime(2021, 2, 15, 3, 0, 0, tzinfo=UTC)
FIRST_RETRIEVAL_FROM = datetime(2020, 7, 1, tzinfo=UTC)
SECOND_RETRIEVAL_FROM = datetime(2022, 10, 1, tzinfo=UTC)
SEARCH_URL = (
    "https://api.twitter.com/2/tweets/search/all?query=from%3ASuaraSyntheticOrgDemo+OR+%40SuaraSyntheticOrgDemo"
)

# Shares of kinds in percent; the rest are originals.
KIND_SHARES = {"repost": 22, "quote": 9, "reply": 8, "self_reply": 6}

# Likes follow the year, never the partner: whoever finds posts with partners more liked has found the years.
LIKES_BY_YEAR = {2015: 2, 2016: 3, 2017: 5, 2018: 7, 2019: 9, 2020: 14, 2021: 16, 2022: 20, 2023: 24}
LIKE_TENTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 22, 30, 45, 80)
# Share of originals, quotes and replies that mention a partner, in percent: it grows with the years.
MENTION_SHARE = {2015: 15, 2016: 18, 2017: 22, 2018: 26, 2019: 30, 2020: 34, 2021: 38, 2022: 42, 2023: 45}

CANARIES = {
    # In direct messages, phone number, e-mail address: files and fields that are never read.
    "sensitive": "KENARI-SINTETIS-PRIVATE-4b1d",
    # The texts in deleted-tweets.js: never loaded.
    "deleted_file": "KENARI-SINTETIS-DELETED-FILE-93ac",
    # The texts of deleted posts that the API had seen before: in raw at most, never in a mart.
    "deleted_text": "KENARI-SINTETIS-DELETED-TEXT-5e70",
}


class Dice:
    """Seeded choices that are the same on every Python version."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def upto(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return int(self._random.random() * limit)

    def chance(self, percent: int) -> bool:
        return self.upto(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        return items[self.upto(len(items))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        at = self.upto(sum(weight for _, weight in items))
        for item, weight in items:
            at -= weight
            if at < 0:
                return item
        raise AssertionError("unreachable: weights were summed")

    def shuffled(self, items: Sequence[T]) -> list[T]:
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.upto(last + 1)
            result[last], result[other] = result[other], result[last]
        return result


def planned_volume(year: int, month: int) -> int:
    """Posts of the organisation in a month of Jakarta time, at scale 1."""
    if (year, month) in EMPTY_MONTHS:
        return 0
    if BURST[0] <= (year, month) <= BURST[1]:
        return 112
    if (year, month) >= STEP_MONTH:
        return 58 + (month * 7 + year) % 5
    return 24 + (month * 7 + year) % 5


def months() -> list[tuple[int, int]]:
    """Every month of the window."""
    first, last = FIRST_MONTH[0] * 12 + FIRST_MONTH[1] - 1, LAST_MONTH[0] * 12 + LAST_MONTH[1] - 1
    return [(at // 12, at % 12 + 1) for at in range(first, last + 1)]


@dataclass
class Planned:
    """A post on its way: its native form and what the truth says about it."""

    post: Post
    kind: str
    plain_text: str
    interactions: tuple[tuple[str, str], ...] = ()
    is_trap: bool = False
    whole_text: str | None = None
    note_at: datetime | None = None


@dataclass
class Demo:
    """Everything that was planned, before it is written."""

    own: list[Planned] = field(default_factory=list)
    others: list[Planned] = field(default_factory=list)
    deleted: list[Planned] = field(default_factory=list)
    earlier_versions: list[Planned] = field(default_factory=list)
    traps: list[dict[str, str]] = field(default_factory=list)
    planted: dict[str, Any] = field(default_factory=dict)


class Planner:
    """Makes the posts, one seeded choice after the other."""

    def __init__(self, seed: int, scale: float) -> None:
        self.dice = Dice(seed)
        self.scale = scale
        self.number = 0
        self.demo = Demo()

    # ------------------------------------------------------------ parts of a text

    def fill(self, sentence: str) -> str:
        self.number += 1
        return sentence.format(n=self.number, place=self.dice.pick(texts.PLACES))

    def partner(self) -> Account:
        if self.dice.chance(12):
            return self.dice.pick(PERSONS)
        return self.dice.weighted(tuple(zip(PARTNERS, (5, 2, 2), strict=True)))

    def tags(self, at: datetime, percent: int = 62) -> str:
        if not self.dice.chance(percent):
            return ""
        usable = [(tag, weight) for tag, first, weight in texts.HASHTAGS if first <= f"{at:%Y-%m}"]
        chosen = [self.dice.weighted(usable)]
        if self.dice.chance(35):
            # Sometimes the same tag again in another spelling: counted once per post.
            chosen.append(self.dice.weighted(usable))
        return "".join(f" #{tag}" for tag in chosen)

    def theme(self, at: datetime) -> str:
        pandemic = 22 if f"{at:%Y-%m}" >= "2020-03" else 0
        return self.dice.weighted(
            (
                ("", 30),
                ("AWR", 12),
                ("CAS", 6),
                ("VIC.SHE", 5),
                ("VIC.LEG", 4),
                ("VIC.HLT", 4),
                ("PRV", 15),
                ("TOP.FSH", 6),
                ("TOP.MIG", 8),
                ("TOP.COV", pandemic),
            )
        )

    def likes(self, at: datetime) -> Metrics:
        base = LIKES_BY_YEAR[at.year] * self.dice.pick(LIKE_TENTHS)
        return Metrics(
            like_count=base // 10,
            repost_count=base // 40,
            reply_count=base // 90,
            quote_count=base // 150,
        )

    def other_post(self, account: Account, before: datetime, text: str) -> Other:
        posted_at = before - timedelta(minutes=5 + self.dice.upto(600), milliseconds=self.dice.upto(1000))
        self.number += 1
        return Other(native.snowflake(posted_at, self.number), account, native.escaped(text), posted_at)

    def make(self, text: str, at: datetime, author: Account = ORGANISATION, **fields: Any) -> Post:
        self.number += 1
        return native.make_post(text, at, author, accounts=ACCOUNTS, salt=self.number, **fields)

    # ------------------------------------------------------------ kinds

    def original(self, at: datetime, sentence: str | None = None, language: str | None = None) -> Planned:
        dice = self.dice
        language = language or ("id" if dice.chance(60) else "en")
        is_trap = sentence is not None
        text = self.fill(sentence or dice.pick(texts.SENTENCES[self.theme(at)][language]))
        edges: list[tuple[str, str]] = []
        if dice.chance(8):
            text = "🌱 " + text
        if dice.chance(6):
            text += " Q&A <3" if language == "en" else " Tanya & jawab <3"
        if dice.chance(1):
            text += " ＡＢＣ"
        text += " " + texts.MARKER[language]
        if dice.chance(MENTION_SHARE[at.year]):
            targets = {self.partner().handle: None}
            if dice.chance(15):
                targets[self.partner().handle] = None
            for handle in targets:
                text += f" @{handle}"
                edges.append(("mention", handle))
        text += self.tags(at)
        if dice.chance(2):
            # The full-width number sign begins a hashtag too.
            text += " ＃migration"
        expanded = {}
        if dice.chance(25):
            self.number += 1
            short = f"https://t.co/synthetic{self.number:06d}"
            expanded[short] = f"https://example.org/sintetis/{self.number}"
            text += " " + short
        media = ("photo",) if dice.chance(30) else ("video",) if dice.chance(6) else ()
        post = self.make(text, at, language=language, expanded=expanded, media_types=media, metrics=self.likes(at))
        return Planned(post, "original", text, tuple(edges), is_trap)

    def reply(self, at: datetime) -> Planned:
        dice = self.dice
        language = "id" if dice.chance(60) else "en"
        target = self.partner() if dice.chance(40) else dice.pick(PERSONS)
        leading = f"@{target.handle} "
        edges = [("reply", target.handle)]
        if dice.chance(20):
            # A second person of the conversation before the text is neither reply target nor mention.
            second = dice.pick([person for person in PERSONS[:40] if person != target])
            leading += f"@{second.handle} "
        text = leading + self.fill(dice.pick(texts.REPLIES[language])) + " " + texts.MARKER[language]
        if dice.chance(20):
            named = dice.pick([partner for partner in PARTNERS if partner != target])
            text += f" @{named.handle}"
            edges.append(("mention", named.handle))
        text += self.tags(at, 20)
        question = self.other_post(target, at, f"Pertanyaan rekaan. {texts.MARKER['id']}")
        post = self.make(
            text,
            at,
            language=language,
            replied_to=question,
            thread_id=question.post_id,
            display_from=len(leading),
            metrics=self.likes(at),
        )
        return Planned(post, "reply", text, tuple(edges))

    def self_reply(self, parent: Planned) -> Planned:
        at = native.snowflake_time(parent.post.post_id) + timedelta(
            seconds=40 + self.dice.upto(200), milliseconds=self.dice.upto(1000)
        )
        language = parent.post.language
        text = self.fill(self.dice.pick(texts.THREAD[language])) + " " + texts.MARKER[language]
        text += self.tags(at, 20)
        post = self.make(
            text,
            at,
            language=language,
            replied_to=Other(parent.post.post_id, ORGANISATION, parent.post.text, parent.post.posted_at),
            thread_id=parent.post.thread_id or parent.post.post_id,
            metrics=self.likes(at),
        )
        return Planned(post, "self_reply", text)

    def quote(self, at: datetime) -> Planned:
        dice = self.dice
        language = "id" if dice.chance(60) else "en"
        target = self.partner()
        edges = [("quote", target.handle)]
        text = self.fill(dice.pick(texts.QUOTES[language])) + " " + texts.MARKER[language]
        if dice.chance(MENTION_SHARE[at.year]):
            text += f" @{target.handle}"
            edges.append(("mention", target.handle))
        text += self.tags(at)
        quoted = self.other_post(target, at, f"Kabar rekaan. {texts.MARKER['id']}")
        short = f"https://t.co/synthetic{self.number:06d}"
        post = self.make(
            f"{text} {short}",
            at,
            language=language,
            quoted=quoted,
            expanded={short: f"https://twitter.com/{target.handle}/status/{quoted.post_id}"},
            metrics=self.likes(at),
        )
        return Planned(post, "quote", text, tuple(edges))

    def repost(self, at: datetime) -> Planned:
        dice = self.dice
        language = "id" if dice.chance(60) else "en"
        target = self.partner()
        said = self.fill(dice.pick(texts.REPOSTED[language]))
        original = self.other_post(target, at, said)
        whole = self.make(
            f"RT @{target.handle}: {said}",
            at,
            language=language,
            reposted=original,
            # The count is the reposted post's, not ours: far larger, and not to be summed.
            metrics=Metrics(like_count=0, repost_count=200 + dice.upto(4000)),
        )
        post = native.cut_repost_text(whole)
        return Planned(post, "repost", post.text, (("repost", target.handle),))

    # ------------------------------------------------------------ the plan

    def moments(self, year: int, month: int, count: int) -> list[datetime]:
        """Distinct moments of a month between 07:00 and 21:40 in Jakarta: the same day in UTC."""
        first = datetime(year, month, 1, tzinfo=UTC)
        days = ((first + timedelta(days=32)).replace(day=1) - first).days
        seconds: set[int] = set()
        while len(seconds) < count:
            seconds.add(self.dice.upto(days) * 86_400 + self.dice.upto(14 * 3600 + 2400))
        return [first + timedelta(seconds=second, milliseconds=1 + self.dice.upto(998)) for second in sorted(seconds)]

    def plan_month(self, year: int, month: int) -> list[Planned]:
        planned = planned_volume(year, month)
        count = max(6, round(planned * self.scale)) if planned else 0
        kinds: list[str] = []
        for kind, share in KIND_SHARES.items():
            kinds += [kind] * (count * share // 100)
        threads = kinds.count("self_reply")
        kinds = [kind for kind in kinds if kind != "self_reply"]
        kinds = self.dice.shuffled(kinds + ["original"] * (count - threads - len(kinds)))
        result: list[Planned] = []
        for kind, at in zip(kinds, self.moments(year, month, len(kinds)), strict=True):
            match kind:
                case "repost":
                    result.append(self.repost(at))
                case "quote":
                    result.append(self.quote(at))
                case "reply":
                    result.append(self.reply(at))
                case _:
                    result.append(self.original(at))
        originals = [planned for planned in result if planned.kind == "original"]
        tails: list[Planned] = []
        for _ in range(threads):
            # Two in five go on with a thread, the others begin one.
            parent = self.dice.pick(tails if tails and self.dice.chance(40) else originals)
            tails = [tail for tail in tails if tail is not parent]
            if parent in originals:
                originals.remove(parent)
            tails.append(self.self_reply(parent))
            result.append(tails[-1])
        return result

    def plan(self) -> Demo:
        by_month = {month: self.plan_month(*month) for month in months()}
        self.plant_edges(by_month)
        self.plant_traps(by_month)
        self.plant_long_posts(by_month)
        self.plant_false_time(by_month)
        self.demo.own = [planned for month in by_month.values() for planned in month]
        self.plant_edits()
        self.plant_deletions()
        self.plant_others()
        return self.demo

    # ------------------------------------------------------------ planted effects

    def plant_edges(self, by_month: dict[tuple[int, int], list[Planned]]) -> None:
        """Posts whose month in Jakarta is another than in UTC, and others one second short of that."""
        edges = []
        moved = [month for month in by_month if month[1] in (1, 5, 10) and by_month[month]]
        for number, (year, month) in enumerate(moved):
            first_local = datetime(year, month, 1, tzinfo=UTC) - JAKARTA
            after = timedelta(seconds=(0, 1, 6 * 3600 + 3599)[number % 3], milliseconds=(0, 250, 999)[number % 3])
            self._replace_original(by_month[year, month], first_local + after)
            edges.append({"at": native.iso_date(first_local + after), "jakarta": f"{year}-{month:02d}"})
            previous = (year - 1, 12) if month == 1 else (year, month - 1)
            if by_month.get(previous):
                before = first_local - timedelta(milliseconds=1)
                self._replace_original(by_month[previous], before)
                edges.append({"at": native.iso_date(before), "jakarta": f"{previous[0]}-{previous[1]:02d}"})
        self.demo.planted["month_edges"] = edges

    def _replace_original(
        self,
        posts: list[Planned],
        at: datetime | None,
        sentence: str | None = None,
        language: str | None = None,
    ) -> Planned:
        """Put another original in the place of one; at its time when `at` is None."""
        parents = {planned.post.replied_to.post_id for planned in posts if planned.post.replied_to}
        position = next(
            position
            for position, planned in enumerate(posts)
            if planned.kind == "original"
            and not planned.is_trap
            and planned.post.post_id not in parents
            and native.snowflake_time(planned.post.post_id).hour < 16  # not one that was moved to an edge
            and planned.whole_text is None
        )
        at = at or native.snowflake_time(posts[position].post.post_id)
        posts[position] = self.original(at, sentence, language)
        return posts[position]

    def plant_traps(self, by_month: dict[tuple[int, int], list[Planned]]) -> None:
        """Words of a code in another sense, each of them four times."""
        usable = [month for month in by_month if month >= (2020, 9)]
        for number in range(4 * len(texts.THEME_TRAPS)):
            language, sentence, code, reason = texts.THEME_TRAPS[number % len(texts.THEME_TRAPS)]
            posts = by_month[usable[number % len(usable)]]
            planned = self._replace_original(posts, None, sentence, language)
            self.demo.traps.append({"post_id": planned.post.post_id, "code": code, "reason": reason})

    def plant_long_posts(self, by_month: dict[tuple[int, int], list[Planned]]) -> None:
        """Posts of more than 280 characters: `tweets.js` holds their beginning, `note-tweet.js` all of it."""
        for number in range(8):
            year, month = (2023, 2) if number % 2 else (2023, 3)
            posts = by_month[year, month]
            language = "id" if number % 3 else "en"
            placeholder = self._replace_original(
                posts, datetime(year, month, 4 + 2 * number, 5, 6, 7, 89_000, tzinfo=UTC)
            )
            position = posts.index(placeholder)
            at = native.snowflake_time(placeholder.post.post_id)
            whole = self.fill(texts.LONG_POST[language])
            post = self.make(whole[:276], at, language=language, metrics=self.likes(at))
            # Cut inside a hashtag or word: entities of the part that was cut are only in note-tweet.js.
            posts[position] = Planned(
                post,
                "original",
                whole,
                whole_text=whole,
                note_at=at + timedelta(milliseconds=self.dice.upto(400)),
            )
        self.demo.planted["long_posts"] = 8

    def plant_false_time(self, by_month: dict[tuple[int, int], list[Planned]]) -> None:
        """One post whose stated time is three days after the time in its id, in the same month."""
        posts = by_month[2019, 9]
        planned = self._replace_original(posts, datetime(2019, 9, 10, 4, 5, 6, 789_000, tzinfo=UTC))
        planned.post = replace(planned.post, posted_at=planned.post.posted_at + timedelta(days=3))
        self.demo.planted["false_time"] = {"post_id": planned.post.post_id, "seconds_off": 3 * 86_400}

    def plant_edits(self) -> None:
        """Six edited posts, one of them edited twice: the archive holds every version."""
        parents = {planned.post.replied_to.post_id for planned in self.demo.own if planned.post.replied_to}
        candidates = [
            planned
            for planned in self.demo.own
            if planned.kind == "original"
            and not planned.is_trap
            and planned.whole_text is None
            and planned.post.post_id not in parents
            and planned.post.posted_at >= datetime(2022, 10, 20, tzinfo=UTC)
            and native.snowflake_time(planned.post.post_id).hour < 14
            and planned.post.posted_at.day > 1
        ]
        chosen = [planned for planned in candidates if planned.post.posted_at >= datetime(2022, 11, 3, tzinfo=UTC)][:1]
        chosen += [planned for planned in candidates if planned.post.posted_at >= datetime(2022, 12, 1, tzinfo=UTC)][
            :15:3
        ]
        for number, planned in enumerate(chosen):
            versions: list[Post] = []
            for back in range(2 if number == 1 else 1, 0, -1):
                at = native.snowflake_time(planned.post.post_id) - timedelta(minutes=6 * back, milliseconds=31)
                earlier = planned.plain_text.replace("[s", "(salah ketik) [s", 1)
                versions.append(
                    self.make(
                        earlier,
                        at,
                        language=planned.post.language,
                        expanded={span.value: str(span.other) for span in planned.post.links},
                        media_types=planned.post.media_types,
                        metrics=Metrics(like_count=1),
                    )
                )
            ids = (*(version.post_id for version in versions), planned.post.post_id)
            for version in versions:
                self.demo.earlier_versions.append(
                    Planned(replace(version, version_ids=ids), "original", planned.plain_text)
                )
            planned.post = replace(planned.post, version_ids=ids)
        self.demo.planted["edited_posts"] = len(chosen)
        self.demo.planted["earlier_versions"] = len(self.demo.earlier_versions)

    def plant_deletions(self) -> None:
        """Twelve deleted posts; the API had seen seven of them before."""
        for number in range(12):
            seen = number < 7
            at = datetime(2020 if seen else 2016, 9, 2 + 2 * number, 3, 14, 15, 926_000, tzinfo=UTC)
            text = f"{CANARIES['deleted_text']} {self.fill('Pos rekaan nomor {n}.')} [sintetis] #Sintetis"
            self.demo.deleted.append(
                Planned(self.make(text, at, language="id", metrics=self.likes(at)), "original", text)
            )
        self.demo.planted["deleted_posts"] = 12
        self.demo.planted["deleted_posts_seen_by_api"] = 7

    def plant_others(self) -> None:
        """Posts of partners and private persons to the organisation: only the API file has them."""
        dice = self.dice
        spans = (
            (FIRST_RETRIEVAL_FROM, FIRST_RETRIEVAL, max(6, round(120 * self.scale))),
            (SECOND_RETRIEVAL_FROM, self.second_retrieval(), max(3, round(30 * self.scale))),
        )
        for first, last, count in spans:
            days = (last - first).days - 1
            for _ in range(count):
                at = first + timedelta(days=dice.upto(days), seconds=dice.upto(50_000), milliseconds=1 + dice.upto(998))
                author = dice.pick(PERSONS) if dice.chance(60) else dice.pick(PARTNERS)
                language = "id" if dice.chance(60) else "en"
                said = self.fill(dice.pick(texts.TOWARDS_US[language]))
                if dice.chance(50):
                    leading = f"@{ORGANISATION.handle} "
                    text = f"{leading}{said} {texts.MARKER[language]}"
                    # They answer a post of ours that is in the archive.
                    ours = [p for p in self.demo.own if p.kind == "original" and p.post.posted_at < at][-1]
                    target = Other(ours.post.post_id, ORGANISATION, ours.post.text, ours.post.posted_at)
                    post = self.make(
                        text,
                        at,
                        author,
                        language=language,
                        replied_to=target,
                        thread_id=target.post_id,
                        display_from=len(leading),
                        metrics=Metrics(dice.upto(5)),
                    )
                    self.demo.others.append(Planned(post, "reply", text, (("reply", ORGANISATION.handle),)))
                else:
                    text = f"{said} @{ORGANISATION.handle} {texts.MARKER[language]}" + self.tags(at, 40)
                    post = self.make(text, at, author, language=language, metrics=Metrics(dice.upto(9)))
                    self.demo.others.append(Planned(post, "original", text, (("mention", ORGANISATION.handle),)))

    def second_retrieval(self) -> datetime:
        """Two minutes before an edited post got its last version: the API then knew only the first."""
        edited = next(planned for planned in self.demo.own if planned.post.version_ids)
        return native.snowflake_time(edited.post.post_id).replace(microsecond=0) - timedelta(minutes=2)


# ---------------------------------------------------------------- writing


def archive_members(demo: Demo) -> tuple[dict[str, str | bytes], CaptureTruth, list[Post]]:
    """The members of the archive, newest post first, in two parts with one record in both."""
    records = [planned.post for planned in [*demo.own, *demo.earlier_versions]]
    records.sort(key=lambda post: int(post.post_id), reverse=True)
    half = len(records) * 6 // 10
    parts = (records[:half], records[half - 1 :])  # the record at the border is delivered twice
    delivered = [post for part in parts for post in part]
    notes = [planned for planned in demo.own if planned.whole_text is not None]
    note_records = [
        native.note_record(native.snowflake(p.note_at, 5), p.post, p.whole_text, p.note_at)
        for p in notes
        if p.note_at and p.whole_text
    ]
    deletions = []
    for planned in demo.deleted:
        hidden = replace(
            planned.post, text=f"{CANARIES['deleted_file']} [sintetis]", hashtags=(), mentions=(), links=()
        )
        record = native.archive_record(hidden)
        record["tweet"]["deleted_at"] = native.x_date(planned.post.posted_at + timedelta(days=200))
        deletions.append(record)
    secret = CANARIES["sensitive"]
    members: dict[str, str | bytes] = {
        "README_SYNTHETIC.txt": (
            "Everything in this archive is synthetic: made by a seeded generator, for a fictional\n"
            "organisation whose handle is longer than X allows. No account, post or person in it exists.\n"
        ),
        "data/README.txt": "This archive is synthetic. Arsip ini sintetis.\n",
        "data/account.js": native.account_file(ORGANISATION, f"{secret}@example.org"),
        "data/profile.js": native.ytd(
            "profile",
            [
                {
                    "profile": {
                        "description": {
                            "bio": "Organisasi rekaan. Synthetic: does not exist.",
                            "location": "",
                        }
                    }
                }
            ],
        ),
        "data/tweets.js": native.ytd("tweets", [native.archive_record(post) for post in parts[0]]),
        "data/tweets-part1.js": native.ytd("tweets", [native.archive_record(post) for post in parts[1]], 1),
        "data/note-tweet.js": native.ytd("note_tweet", note_records),
        "data/deleted-tweets.js": native.ytd("deleted_tweets", deletions),
        "data/tweet-headers.js": native.ytd("tweet_headers", [native.header_record(p) for p in delivered]),
        "data/direct-messages.js": native.ytd(
            "direct_messages",
            [{"dmConversation": {"messages": [{"messageCreate": {"text": f"{secret} (synthetic)"}}]}}],
        ),
        "data/phone-number.js": native.ytd("device", [{"device": {"phoneNumber": secret}}]),
        "data/ip-audit.js": native.ytd("ip_audit", [{"ipAudit": {"loginIp": secret}}]),
        "data/twitter-circle-tweet.js": native.ytd(
            "twitter_circle_tweet", [{"tweet": {"id_str": "1", "full_text": f"{secret} (synthetic)"}}]
        ),
    }
    files = {
        "account": [("data/account.js", "YTD.account.part0", 1)],
        "profile": [("data/profile.js", "YTD.profile.part0", 1)],
        "tweets": [
            ("data/tweets.js", "YTD.tweets.part0", len(parts[0])),
            ("data/tweets-part1.js", "YTD.tweets.part1", len(parts[1])),
        ],
        "noteTweet": [("data/note-tweet.js", "YTD.note_tweet.part0", len(note_records))],
        "deletedTweets": [("data/deleted-tweets.js", "YTD.deleted_tweets.part0", len(deletions))],
        "tweetHeaders": [("data/tweet-headers.js", "YTD.tweet_headers.part0", len(delivered))],
        "directMessages": [("data/direct-messages.js", "YTD.direct_messages.part0", 1)],
        "phoneNumber": [("data/phone-number.js", "YTD.device.part0", 1)],
        "ipAudit": [("data/ip-audit.js", "YTD.ip_audit.part0", 1)],
        "twitterCircleTweet": [("data/twitter-circle-tweet.js", "YTD.twitter_circle_tweet.part0", 1)],
    }
    members["data/manifest.js"] = native.manifest(
        ORGANISATION, GENERATED_AT, files, synthetic="Everything in this archive is synthetic."
    )
    truth = CaptureTruth(
        file_name=ARCHIVE_NAME,
        source="x_archive",
        observed_at=(native.iso_date(GENERATED_AT),),
        posts_delivered=len(delivered),
        posts_rejected=0,
        posts_loaded=len(delivered),
        others={"note": len(note_records), "deletion": len(deletions)},
    )
    return members, truth, delivered


def earlier_metrics(metrics: Metrics) -> Metrics:
    """Counts as they stood when the API was asked: four fifths of the likes, nine tenths of the reposts."""
    return replace(metrics, like_count=metrics.like_count * 8 // 10, repost_count=metrics.repost_count * 9 // 10)


def api_lines(demo: Demo, second_retrieval: datetime) -> tuple[list[str], CaptureTruth, list[Post]]:
    """The lines of the API file: pages of two searches, an error line, a line that is cut."""

    def seen(planned: Planned) -> Post:
        post = planned.post
        return post if post.reposted else replace(post, metrics=earlier_metrics(post.metrics))

    lines: list[str] = []
    delivered: list[Post] = []
    sessions = (
        (FIRST_RETRIEVAL_FROM, FIRST_RETRIEVAL),
        (SECOND_RETRIEVAL_FROM, second_retrieval),
    )
    for number, (first, last) in enumerate(sessions):
        posts = [
            seen(planned)
            for planned in [*demo.own, *demo.deleted, *demo.others]
            if first <= native.snowflake_time(planned.post.post_id) < last
        ]
        if number == 1:
            # The edited post as it was before its last version: it does not know of one yet.
            version = next(
                planned
                for planned in demo.earlier_versions
                if native.snowflake_time(planned.post.post_id) > last - timedelta(minutes=10)
            )
            posts.append(replace(seen(version), version_ids=(version.post.post_id,)))
        posts.sort(key=lambda post: int(post.post_id), reverse=True)
        for page, start in enumerate(range(0, len(posts), 100)):
            # A search that goes on returns the last post of a page once more at the top of the next.
            chunk = posts[max(0, start - 1) if (number, page) == (0, 1) else start : start + 100]
            delivered += chunk
            line = native.api_page(
                chunk, last + timedelta(seconds=3 * page), SEARCH_URL, accounts=(ORGANISATION, *PARTNERS)
            )
            lines.append(native.compact(line))
    error = {
        "value": "9150701999999",
        "detail": "Could not find user with id: [9150701999999]. (synthetic)",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": "author_id",
        "resource_id": "9150701999999",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
    lines.append(native.compact({"errors": [error]}))
    cut = native.compact({"data": native.api_record(replace(delivered[-1], text="[sintetis] Baris terpotong."))})
    lines.append(cut[: len(cut) // 2])
    truth = CaptureTruth(
        file_name=API_NAME,
        source="x_api_v2",
        observed_at=tuple(native.iso_date(last) for _, last in sessions),
        posts_delivered=len(delivered) + 1,
        posts_rejected=1,
        posts_loaded=len(delivered),
        others={"error_line": 1},
    )
    return lines, truth, delivered


def themes_of(plain_text: str) -> tuple[str, ...]:
    """Codes whose phrases the text holds."""
    lowered = plain_text.lower()
    return tuple(
        sorted(code for code, phrases in texts.THEME_PHRASES.items() if any(phrase in lowered for phrase in phrases))
    )


def truth_post(planned: Planned, in_api: Collection[str]) -> TruthPost:
    """What the marts must say about a post.

    A repost says what the original says, where a capture has the original: the API file has, the archive has only
    the wrapper, which is cut.
    """
    post = planned.post
    hashtags: tuple[str, ...] = tuple(span.value for span in post.hashtags)
    if post.reposted and post.post_id in in_api:
        hashtags = tuple(span.value for span in post.reposted.post.hashtags)
    if planned.whole_text is not None:
        whole: tuple[Span, ...] = native.make_post(planned.whole_text, post.posted_at, post.author).hashtags
        hashtags = tuple(span.value for span in whole)
    return TruthPost(
        post_id=post.post_id,
        handle=post.author.handle,
        posted_at=post.posted_at,
        kind=planned.kind,
        language=post.language,
        hashtags=hashtags,
        themes=themes_of(planned.plain_text),
        interactions=planned.interactions,
        like_count=None if post.reposted else post.metrics.like_count,
        is_trap=planned.is_trap,
        is_long=planned.whole_text is not None,
    )


def record_outcomes(demo: Demo, in_archive: Sequence[Post], in_api: Sequence[Post]) -> dict[str, int]:
    """What becomes of the loaded post records of both captures.

    The API states more counts than the archive, so its record of a post is the one that is kept. Another record of the
    same post is a duplicate when it says nothing that the kept one does not say, and superseded when a count or the
    text differs. The text of a repost does: the API delivers the original, the archive the wrapper.
    """
    kept = {planned.post.post_id for planned in [*demo.own, *demo.others]}
    earlier = {planned.post.post_id for planned in demo.earlier_versions}
    deleted = {planned.post.post_id for planned in demo.deleted}
    counts: Counter[str] = Counter()
    winners: dict[str, Post] = {}
    from_api = {post.post_id for post in in_api}
    for number, post in enumerate([*in_api, *in_archive]):
        if post.post_id in deleted:
            counts["deleted"] += 1
        elif post.post_id in earlier:
            counts["superseded"] += 1
            counts["earlier_version"] += 1
        elif post.post_id not in kept:
            raise AssertionError(f"post {post.post_id} was delivered but never planned")
        elif post.post_id not in winners:
            winners[post.post_id] = post
            counts["kept"] += 1
        else:
            winner = winners[post.post_id].metrics
            same = (post.metrics.like_count, post.metrics.repost_count) == (winner.like_count, winner.repost_count)
            if post.reposted:  # counts of a repost are its original's, and are not read
                same = number < len(in_api) or post.post_id not in from_api
            counts["duplicate" if same else "superseded"] += 1
            counts["seen_again"] += 1
    if set(winners) != kept:
        raise AssertionError("a planned post is in no capture")
    return dict(counts)


def build_truth(
    demo: Demo,
    seed: int,
    scale: float,
    captures: tuple[CaptureTruth, ...],
    delivered: Mapping[str, Sequence[Post]],
) -> DemoTruth:
    """The truth of a demo, counted from the generator's lists."""
    in_api = {post.post_id for post in delivered[API_NAME]}
    posts = tuple(
        sorted(
            (truth_post(planned, in_api) for planned in [*demo.own, *demo.others]),
            key=lambda post: (post.posted_at, int(post.post_id)),
        )
    )
    ours = [post for post in posts if post.handle == ORGANISATION.handle]
    own_ids = {planned.post.post_id for planned in demo.own}
    both = {p.post_id for p in delivered[ARCHIVE_NAME]} & {p.post_id for p in delivered[API_NAME]} & own_ids
    in_both = [planned.post for planned in demo.own if planned.post.post_id in both and not planned.post.reposted]
    twice = [post_id for post_id, n in Counter(p.post_id for p in delivered[ARCHIVE_NAME]).items() if n > 1]
    twice += [post_id for post_id, n in Counter(p.post_id for p in delivered[API_NAME]).items() if n > 1]
    outcomes = record_outcomes(demo, delivered[ARCHIVE_NAME], delivered[API_NAME])
    before = [m for m in months() if m < STEP_MONTH]
    after = [m for m in months() if STEP_MONTH <= m < BURST[0] and m not in EMPTY_MONTHS]
    by_local_month = Counter(post.month(JAKARTA) for post in ours)

    def mean(chosen: Sequence[tuple[int, int]]) -> float:
        return round(sum(by_local_month[f"{y}-{m:02d}"] for y, m in chosen) / len(chosen), 3)

    burst = [month for month in months() if BURST[0] <= month <= BURST[1]]
    planted = demo.planted | {
        "empty_months": [f"{year}-{month:02d}" for year, month in EMPTY_MONTHS],
        "step": {"month": "2017-01", "mean_before": mean(before), "mean_after": mean(after)},
        "burst": {"from": "2020-03", "to": "2020-08", "mean": mean(burst)},
        "repeated_records": twice,
        "posts_in_both_captures": len(both),
        "reposts_with_cut_text": sum(p.kind == "repost" and p.post.text.endswith("…") for p in demo.own),
        "self_replies": sum(p.kind == "self_reply" for p in demo.own),
        "posts_with_escapes": sum("&amp;" in p.post.text or "&lt;" in p.post.text for p in demo.own),
        "posts_with_emoji": sum("🌱" in p.post.text for p in demo.own),
        "posts_with_full_width_letters": sum("ＡＢＣ" in p.post.text for p in demo.own),
        "posts_with_full_width_hash": sum("＃" in p.post.text for p in demo.own),
        "posts_with_a_tag_twice": sum(len(set(map(str.lower, p.hashtags))) < len(p.hashtags) for p in ours),
        "broken_lines": 1,
        "error_lines": 1,
        "partner_lift_within_year": 1.0,
    }
    engagement = {
        "own_likes_in_archive": sum(p.like_count or 0 for p in ours),
        "posts_observed_twice": len(in_both),
        "likes_of_those_in_archive": sum(p.metrics.like_count for p in in_both),
        "likes_of_those_in_api": sum(earlier_metrics(p.metrics).like_count for p in in_both),
    }
    return DemoTruth(
        seed=seed,
        scale=scale,
        organisation={
            "handle": ORGANISATION.handle,
            "account_id": ORGANISATION.account_id,
            "name": ORGANISATION.name,
        },
        window=("2015-07-01", "2023-03-31"),
        reporting_timezone="Asia/Jakarta",
        captures=captures,
        records={
            "delivered": sum(capture.posts_delivered for capture in captures),
            "rejected": sum(capture.posts_rejected for capture in captures),
            "loaded": sum(capture.posts_loaded for capture in captures),
            **outcomes,
        },
        posts_by_handle=dict(sorted(Counter(post.handle for post in posts).items())),
        kinds=dict(sorted(Counter(post.kind for post in ours).items())),
        months=count_months(ours),
        hashtags=count_hashtags(ours),
        themes=count_themes(ours),
        theme_traps=tuple(demo.traps),
        interactions=count_interactions(ours),
        towards=count_interactions(
            [post for post in posts if post.handle != ORGANISATION.handle],
            by_author=True,
            only=ORGANISATION.handle,
        ),
        engagement=engagement,
        planted=planted,
        canaries=CANARIES,
        posts=posts,
    )


def generate(target_dir: Path, seed: int = SEED, scale: float = 1.0) -> DemoTruth:
    """Write the demo captures and their truth into a folder.

    Args:
        target_dir: Where the two captures, `truth.json` and `truth_posts.jsonl` go; made if missing.
        seed: The same seed and scale give the same bytes.
        scale: Multiplies the volume of every month; 1.0 gives about 5,000 posts, 0.25 is the least.

    Returns:
        The truth, with `capture_names` naming the captures in the folder.
    """
    if scale < SMALLEST_SCALE:
        raise ValueError(f"scale {scale} leaves no room for the planted posts; use {SMALLEST_SCALE} or more")
    planner = Planner(seed, scale)
    demo = planner.plan()
    target_dir.mkdir(parents=True, exist_ok=True)
    members, archive_truth, in_archive = archive_members(demo)
    native.write_zip(target_dir / ARCHIVE_NAME, members)
    lines, api_truth, in_api = api_lines(demo, planner.second_retrieval())
    (target_dir / API_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    truth = build_truth(demo, seed, scale, (archive_truth, api_truth), {ARCHIVE_NAME: in_archive, API_NAME: in_api})
    truth.write(target_dir)
    return truth
