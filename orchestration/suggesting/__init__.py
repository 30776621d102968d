"""What a machine proposes to a person: missing terms, posts to code next, accounts and themes with the same words.

Belongs here: learning from codes that people gave, and looking for patterns in words. Proposals go into files.
Does not belong here: dagster, dbt, and anything that gives a post a theme: the rules of the codebook do that, and
nothing here writes a code, a rule or a table.
"""

# With 200 coded posts a model of a type reached F1 0.40 on further posts of the same events, the mean of seven types,
# with 400 0.47 (bench/results/crisislex.md, 2026-11-26): below, most of what it proposes is chance.
LEAST_CODED = 200
# Five folds leave 24 to learn from; a recall of 0.8 has an interval of 0.63 to 0.90 (Wilson).
LEAST_POSITIVE = 30
# NVivo's number, so that results can be set beside each other.
DEFAULT_CLUSTERS = 10
DEFAULT_TOPICS = 10
