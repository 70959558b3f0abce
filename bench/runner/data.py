"""Databases. Septet makes every one of them from its contract; then they are filled once and copied."""
import os
import shutil
import sqlite3
import subprocess
import sys

from runner import social as social_rows
from runner.setting import ROWS, TOUR

# Rows of the tables that a rule is measured with.
RULED_ROWS = 10_000
# Each person owns a hundred rows, one after the other, and every other row is visible to all.
ROWS_SQL = """
WITH RECURSIVE number(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM number WHERE i < :last)
INSERT INTO {table} (id, owner, visible, name, email)
SELECT printf('row%07d', i), 'u' || (1 + (i - 1) / 100 % 100), i % 2, 'Row ' || i, 'row' || i || '@example.com'
FROM number"""
ROWS_AT_ONCE = 100_000


PRODUCTS_SQL = """
WITH RECURSIVE number(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM number WHERE i < :last)
INSERT INTO product (id, name, price, inventory)
SELECT 'p' || i, 'Product number ' || i, 1 + i % 499, i % 1000 FROM number"""


def row_id(number):
    return f"row{number:07}"


def row_owner(number):
    return f"u{1 + (number - 1) // 100 % 100}"


def tour(setting):
    """A data folder with the tour's larger set of rows, loaded by Septet."""
    data, rows = setting.path("tour"), setting.path("tour-rows")
    if not os.path.isdir(data):
        subprocess.run([sys.executable, os.path.join(TOUR, "generate.py"), rows], check=True,
                       stdout=subprocess.DEVNULL)
        setting.run_septet("load", rows, "--contract", setting.contract(TOUR), "--data", data)
        _settle(data)
    return data


def social(setting):
    """A data folder with people who write, comment and follow, loaded by Septet."""
    data, rows = setting.path("social"), setting.path("social-rows")
    if not os.path.isdir(data):
        social_rows.write(rows)
        setting.run_septet("load", rows, "--contract", setting.contract(TOUR), "--data", data)
        _settle(data)
    return data


def products(setting, number):
    """A data folder with the tour's rows and so many products in all."""
    data = setting.path(f"products-{number}")
    if not os.path.isdir(data):
        shutil.copytree(tour(setting), data)
        _insert(data, PRODUCTS_SQL, count(data, "product") + 1, number)
        _settle(data)
    return data


def rows(setting, number, tables):
    """A data folder with `number` rows in each of the tables of the contract `rows`."""
    data = setting.path("-".join(["rows", str(number), *tables]))
    if not os.path.isdir(data):
        setting.run_septet("load", _nothing(setting), "--contract", setting.contract(ROWS), "--data", data)
        for table in tables:
            _insert(data, ROWS_SQL.format(table=table), 1, number)
        _settle(data)
    return data


def _nothing(setting):
    """A folder of no rows: loading it makes the tables."""
    folder = setting.path("nothing")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "Open.ndjson"), "w", encoding="utf-8"):
        return folder


def copy(setting, data, name):
    """A copy for a server of its own."""
    copied = setting.path(name)
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(data, copied)
    return copied


def count(data, table):
    with connect(data) as conn:
        return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def column(data, query):
    """The first column of what a query finds."""
    with connect(data) as conn:
        return [row[0] for row in conn.execute(query)]


def connect(data):
    return sqlite3.connect(os.path.join(data, "septet.db"), isolation_level=None)


def _insert(data, sql, start, number):
    """Through the tables' triggers, so that every row has its event as if it had come another way."""
    conn = connect(data)
    conn.execute("PRAGMA synchronous=OFF")
    for first in range(start, number + 1, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE - 1, number)
        conn.execute(sql, {"first": first, "last": last})
    conn.close()


def _settle(data):
    """Moves the write-ahead log into the database, so that the file alone is everything."""
    conn = connect(data)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
