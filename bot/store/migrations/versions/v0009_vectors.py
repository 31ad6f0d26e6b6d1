"""Vectors of papers and of what topics ask for, by the model that made them. None is filled in: they come with time."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "paper_vector",
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_paper_vector_arxiv_id"),
        sa.PrimaryKeyConstraint("arxiv_id", "model", name="pk_paper_vector"),
    )
    op.create_table(
        "text_vector",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "model", name="pk_text_vector"),
    )
