def model(dbt, session):
    from orchestration.text.stems import stems_of_words

    dbt.config(materialized="table")
    return stems_of_words(
        session,
        dbt.ref("int_words__counted"),
        dbt.ref("codebook_terms"),
        f"{dbt.this.schema}.{dbt.this.identifier}",
    )
