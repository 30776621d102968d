"""Statistics of the claims: what a study says about an account, computed again with its uncertainty.

Belongs here: estimators as pure functions (`regression`, `volume`, `engagement`, `coincidence`), what a verdict needs
(`verdicts`), the file that states claims (`statements`), and the step that puts them together (`claims`).
Does not belong here: dagster, models, pictures.
"""
