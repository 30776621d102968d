"""What a machine proposes to a person: missing terms, the next posts to code, posts and themes that use the same words.

Belongs here: learning from codes that people gave, and looking for patterns in words. Proposals go into files.
Does not belong here: dagster, dbt, and anything that gives a post a theme: the rules of the codebook do that, and
nothing here writes a code, a rule or a table.
"""

# Below these a model per theme says more about chance than about the theme. On crisislex_t26_even (seven types, half
# of the events for training) macro-F1 on other events was X with 200 hand-coded posts (bench/results/crisislex.md).
LEAST_CODED = 200
LEAST_POSITIVE = 30
DEFAULT_SEED = 1
