def model(dbt, session):
    from orchestration.text.language import languages_of_texts

    dbt.config(materialized="table")
    texts = dbt.ref("int_texts__to_identify")
    study = dbt.ref("int_studies__selected")
    return languages_of_texts(session, texts, study, f"{dbt.this.schema}.{dbt.this.identifier}")
