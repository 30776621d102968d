"""The manifest of a sample: what was drawn from what, so that a coded sheet can be weighted and checked.

Belongs here: its content, its hash, its file.
Does not belong here: drawing the sample, and anything that coders see. It tells which stratum a post is of, and
so what the rules said: coders do not get it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.contract import InputError, replacing

FORMAT = 1
# Enough of the hash to tell samples apart, with a letter and a dash before it: Excel reads "123456e78901" as a number.
ID_LENGTH = 12


@dataclass(frozen=True)
class Stratum:
    """Posts of one year, with or without a topic.

    Args:
        year: In the reporting time zone.
        has_topic: The rules found at least one theme of the facet `topic`.
        population: Posts that could have been drawn.
        sample: Posts that were drawn.
    """

    year: int
    has_topic: bool
    population: int
    sample: int

    @property
    def weight(self) -> float:
        """Posts that one drawn post stands for (Horvitz-Thompson)."""
        return self.population / self.sample

    @property
    def name(self) -> str:
        return f"{self.year}, {'with' if self.has_topic else 'without'} a topic"


@dataclass(frozen=True)
class SampledPost:
    """A post in the order of the sheet; `post_id` is written `platform:id`, which Excel leaves alone."""

    post_id: str
    post_key: str
    stratum: int


@dataclass(frozen=True)
class Manifest:
    """A sample without its texts.

    Args:
        is_chosen: The posts were chosen for what a model makes of them (`suara coding suggest`), not drawn: their codes
            teach, but no figure of quality rests on them.
    """

    seed: int
    release_id: str
    codebook_version: str
    themes: tuple[str, ...]
    strata: tuple[Stratum, ...]
    posts: tuple[SampledPost, ...]
    is_chosen: bool = False

    @cached_property
    def sha256(self) -> str:
        """Hash of everything that the manifest says; counted once, since every code names its sample."""
        return _hash(self._content())

    @property
    def sample_id(self) -> str:
        return f"s-{self.sha256[:ID_LENGTH]}"

    def _content(self) -> dict[str, Any]:
        strata = [{**asdict(s), "weight": s.weight} for s in self.strata]
        content = {"format": FORMAT, **asdict(self), "strata": strata}
        if not self.is_chosen:  # as manifests were before there were chosen posts: the hash stays what it was
            del content["is_chosen"]
        return content

    def write(self, path: Path) -> None:
        """Write it as JSON, the same bytes for the same sample, readable by the owner only."""
        text = json.dumps({"sample_id": self.sample_id, "sha256": self.sha256, **self._content()}, indent=1)
        with replacing(path, mode=0o600) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest and check that nobody changed it.

        Raises:
            InputError: The file is no manifest, or it is not as it was written.
        """
        try:
            given = json.loads(path.read_text("utf-8"))
            manifest = cls(
                seed=given["seed"],
                release_id=given["release_id"],
                codebook_version=given["codebook_version"],
                themes=tuple(given["themes"]),
                strata=tuple(Stratum(s["year"], s["has_topic"], s["population"], s["sample"]) for s in given["strata"]),
                posts=tuple(SampledPost(**post) for post in given["posts"]),
                is_chosen=given.get("is_chosen", False),
            )
            stated = given["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                file=str(path),
                expected="the manifest that `suara coding sample` wrote",
                found=f"{type(error).__name__}: {error}",
                next_step="Name the file that lies beside the sheet and ends in .manifest.json.",
                code="no_manifest",
            ) from error
        if _hash({key: value for key, value in given.items() if key not in ("sample_id", "sha256")}) != stated:
            raise InputError(
                file=str(path),
                expected=f"the content with the hash {stated[:ID_LENGTH]}…, as it was written",
                found="other content: the file was changed",
                next_step="Take the manifest as `suara coding sample` wrote it; data/coding/samples keeps a copy.",
                code="manifest_changed",
            )
        return manifest


def _hash(content: dict[str, Any]) -> str:
    # Without the keys of posts: the native id says which post it is, and another key of the data folder
    # (`suara keys rotate`) changes the keys of posts, but no sample.
    posts = [{name: value for name, value in post.items() if name != "post_key"} for post in content["posts"]]
    content = {**content, "posts": posts}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
