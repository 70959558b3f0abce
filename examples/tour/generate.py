#!/usr/bin/env python3
"""Writes a larger set of rows for the tour: the same on every machine and every run.

usage: generate.py FOLDER [--users N]

One NDJSON file per resource, as `septet load FOLDER` takes them in. The numbers of the other rows follow from the
number of users (1,000 unless told otherwise): 10 posts, 30 comments, 20 follows, 10 products, 1 account and
2 orders for each. Rows are written as they are made, so a million users need no more memory than a thousand.

Only the standard library is used, and chance is a small xorshift64* kept here, so no library version can change the
rows. The last line printed is the SHA-256 of all that was written, file after file.
"""
import argparse
import datetime
import hashlib
import json
import os

POSTS, COMMENTS, FOLLOWS, PRODUCTS, ORDERS = 10, 30, 20, 10, 2
USERS_MIN = FOLLOWS + 1  # everybody follows this many others

# argon2id of "correct horse battery staple". Hashing a million passwords would take hours, so all share one,
# already hashed.
PASSWORD = ("$argon2id$v=19$m=19456,t=2,p=1$c2VwdGV0LXRvdXItc2VlZA"
            "$8upQno0MGJOgAvl6hqp6VInofG3H8McVIGTyO+PfiQw")

WORDS = """able acid arch bank base bell bird blue bolt bone book bowl brick cable camp card chalk city clay coal
coast copper cord corn crane creek dawn deck desk door draft drum dune edge ember farm field flag flint fog forge
frost gate glass grain harbor hill inlet iron island kettle ladder lake lamp leaf ledge lime linen maple marsh meadow
mill mist moss nail north oak oar paper path pine plank pond port quarry rail reed ridge river road rope sail salt
sand shade shore silk slate smoke snow spring steel stone storm straw table tide timber tower trail valley wall wheel
wind""".split()
FIRST = "Ada Ben Cleo Dan Eva Finn Gia Hugo Ida Jon Kai Lea Max Nina Omar Pia Quin Rosa Sam Tess".split()
LAST = "Abel Brook Cole Dale Ellis Ford Grant Hale Irwin Jarvis Keane Lowe Marsh Nash Odell Price".split()
START = datetime.datetime(2025, 1, 1)


class Random:
    """xorshift64*: Marsaglia's shifts 12, 25, 27 and Vigna's multiplier."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        x = self.state
        x ^= x >> 12
        x ^= (x << 25) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 27
        self.state = x
        return ((x * 0x2545F4914F6CDD1D) & 0xFFFFFFFFFFFFFFFF) * bound >> 64

    def pick(self, items):
        return items[self.below(len(items))]

    def text(self, length):
        """Words up to `length` characters, a capital at the start, a full stop at the end."""
        words, size = [], 0
        while size < length - 1:
            words.append(self.pick(WORDS))
            size += len(words[-1]) + 1
        return " ".join(words)[: length - 1].rstrip().capitalize() + "."


def instant(minutes):
    return (START + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def cents(units):
    return f"{units // 100}.{units % 100:02}"


def users(random, count):
    for i in range(1, count + 1):
        name = f"{random.pick(FIRST)} {random.pick(LAST)}"
        yield {"id": f"u{i}", "name": name, "email": f"user{i}@example.com", "password": PASSWORD}


def posts(random, count):
    for i in range(1, count * POSTS + 1):
        yield {"id": f"post{i}", "title": random.text(24 + random.below(24)),
               "content": random.text(380 + random.below(40)), "author": f"u{1 + random.below(count)}",
               "createdAt": instant(13 * i % 1_000_000)}


def comments(random, count):
    for i in range(1, count * COMMENTS + 1):
        yield {"id": f"c{i}", "text": random.text(40 + random.below(60)), "author": f"u{1 + random.below(count)}",
               "post": f"post{1 + random.below(count * POSTS)}", "createdAt": instant(4 * i % 1_000_000)}


def follows(random, count):
    """Everybody follows FOLLOWS different others."""
    number = 0
    for follower in range(1, count + 1):
        followed = {follower}
        while len(followed) <= FOLLOWS:
            followee = 1 + random.below(count)
            if followee not in followed:
                followed.add(followee)
                number += 1
                yield {"id": f"f{number}", "follower": f"u{follower}", "followee": f"u{followee}"}


def products(random, count):
    for i in range(1, count * PRODUCTS + 1):
        name = f"{random.pick(WORDS)} {random.pick(WORDS)} {i}".title()
        yield {"id": f"p{i}", "name": name, "price": (100 + random.below(49_900)) / 100,
               "inventory": random.below(1000)}


def accounts(_random, count):
    for i in range(1, count + 1):
        yield {"id": f"a{i}", "owner": f"u{i}", "balance": cents(100_000_000)}


def orders(random, count):
    for i in range(1, count * ORDERS + 1):
        yield {"id": f"o{i}", "customer": f"u{1 + random.below(count)}",
               "status": random.pick(["OPEN", "PAID", "SHIPPED", "CANCELLED"]),
               "createdAt": instant(31 * i % 1_000_000)}


def order_items(random, count):
    number = 0
    for order in range(1, count * ORDERS + 1):
        for _ in range(1 + random.below(3)):
            number += 1
            yield {"id": f"i{number}", "order": f"o{order}", "product": f"p{1 + random.below(count * PRODUCTS)}",
                   "quantity": 1 + random.below(9), "price": cents(100 + random.below(49_900))}


RESOURCES = [("User", users), ("Post", posts), ("Comment", comments), ("Follow", follows), ("Product", products),
             ("Account", accounts), ("Order", orders), ("OrderItem", order_items)]


def write(path, rows, digest):
    """Writes the rows to a file and returns how many there were."""
    number = 0
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for number, row in enumerate(rows, 1):
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
            digest.update(line.encode())
            file.write(line)
    return number


def main():
    parser = argparse.ArgumentParser(description="Writes a larger set of rows for the tour.")
    parser.add_argument("folder")
    parser.add_argument("--users", type=int, default=1000)
    given = parser.parse_args()
    if given.users < USERS_MIN:
        parser.error(f"--users: at least {USERS_MIN}")
    os.makedirs(given.folder, exist_ok=True)
    digest = hashlib.sha256()
    for seed, (resource, rows) in enumerate(RESOURCES, 0x5EED5EED5EED):
        path = os.path.join(given.folder, f"{resource}.ndjson")
        # A generator of its own for each file: a change to one leaves the others as they are.
        number = write(path, rows(Random(seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF), given.users), digest)
        print(f"{resource}: {number}")
    print("sha256", digest.hexdigest())


if __name__ == "__main__":
    main()
