"""Full-text search: FTS5 beside `paper` on SQLite, a table of tsvectors on PostgreSQL.

FTS5 holds no text of its own (external content): 1.3 kB a paper in place of 3. Triggers keep it equal to `paper`; the
condition on the update trigger spares an unchanged text from being indexed again.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from bot.store.words import as_tsvector

revision = "0002"
down_revision = "0001"

_COLUMNS = ("title", "abstract", "authors", "labels")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgres()


def _upgrade_sqlite() -> None:
    columns = ", ".join(_COLUMNS)
    old = ", ".join(f"old.{column}" for column in _COLUMNS)
    new = ", ".join(f"new.{column}" for column in _COLUMNS)
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in ("number", *_COLUMNS))
    forget = f"INSERT INTO paper_search (paper_search, rowid, {columns}) VALUES ('delete', old.number, {old});"  # noqa: S608  # constants
    learn = f"INSERT INTO paper_search (rowid, {columns}) VALUES (new.number, {new});"  # noqa: S608  # constants
    op.execute(
        f"CREATE VIRTUAL TABLE paper_search USING fts5({columns}, content='paper', content_rowid='number', "
        "tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute(f"CREATE TRIGGER paper_search_insert AFTER INSERT ON paper BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER paper_search_delete AFTER DELETE ON paper BEGIN {forget} END")
    op.execute(f"CREATE TRIGGER paper_search_update AFTER UPDATE ON paper WHEN {changed} BEGIN {forget} {learn} END")
    op.execute("INSERT INTO paper_search (paper_search) VALUES ('rebuild')")


def _upgrade_postgres() -> None:
    op.create_table(
        "paper_words",
        sa.Column(
            "number",
            sa.BigInteger(),
            sa.ForeignKey("paper.number", name="fk_paper_words_number", onupdate="CASCADE", ondelete="CASCADE"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_paper_words"),
    )
    connection = op.get_bind()
    papers = connection.execute(sa.text(f"SELECT number, {', '.join(_COLUMNS)} FROM paper"))  # noqa: S608  # constants
    insert = sa.text("INSERT INTO paper_words (number, words) VALUES (:number, CAST(:words AS tsvector))")
    for page in papers.partitions(500):
        rows = [
            {"number": row.number, "words": as_tsvector(row.title, row.abstract, json.loads(row.authors), row.labels)}
            for row in page
        ]
        connection.execute(insert, rows)
    op.create_index("ix_paper_words_words", "paper_words", ["words"], postgresql_using="gin")
