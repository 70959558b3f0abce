"""Rows for queries over relations: people of the tour who write, comment and follow, all of them alike.

The tour's own generator leaves to chance how much each person has. Here everybody has the same number of posts and of
followers, so that each request of a case is as much work as any other. Keys are UUIDs of version 7, as Septet gives
them out. What belongs together was made at different times, as in life, so it lies apart in its table.
"""
import datetime
import importlib.util
import json
import os
import random

from runner.setting import TOUR

# With them the database stays below the 256 MiB that all servers map into memory.
USERS, POSTS, FOLLOWERS = 8_000, 10, 20
# The first so many people are those that are asked for by id; their posts have comments.
ASKED, COMMENTS = 1_000, 5
CONTENT_CHARACTERS = 120
START = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
SEED = 0x50C1A1


def write(folder):
    """Writes a file for each resource, as `septet load` takes them in."""
    os.makedirs(folder, exist_ok=True)
    made = Made()
    users = [made.user(number) for number in range(1, USERS + 1)]
    people = [user["id"] for user in users]
    # One of each person, then the next of each.
    posts = [made.post(author) for _ in range(POSTS) for author in made.shuffled(people)]
    asked = set(people[:ASKED])
    discussed = [post["id"] for post in posts if post["author"] in asked]
    comments = [made.comment(post, people) for _ in range(COMMENTS) for post in made.shuffled(discussed)]
    # Everybody follows those that stand so many places further on: as many follow as are followed.
    steps = made.chance.sample(range(1, USERS), FOLLOWERS)
    follows = [made.follow(people, place, step) for step in steps for place in made.shuffled(range(USERS))]
    for resource, rows in (("User", users), ("Post", posts), ("Comment", comments), ("Follow", follows)):
        with open(os.path.join(folder, f"{resource}.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


class Made:
    """Makes rows, the same ones on every machine."""

    def __init__(self):
        self.tour = _generator()
        self.words, self.chance = self.tour.Random(SEED), random.Random(SEED)
        self.seconds = 0

    def shuffled(self, items):
        return self.chance.sample(items, len(items))

    def user(self, number):
        name = f"{self.words.pick(self.tour.FIRST)} {self.words.pick(self.tour.LAST)}"
        return {"id": self._key()[0], "name": name, "email": f"user{number}@example.com",
                "password": self.tour.PASSWORD}

    def post(self, author):
        key, moment = self._key()
        return {"id": key, "title": self.words.text(24 + self.words.below(24)),
                "content": self.words.text(CONTENT_CHARACTERS), "author": author, "createdAt": moment}

    def comment(self, post, people):
        key, moment = self._key()
        return {"id": key, "text": self.words.text(40 + self.words.below(60)), "author": self.chance.choice(people),
                "post": post, "createdAt": moment}

    def follow(self, people, place, step):
        return {"id": self._key()[0], "follower": people[place], "followee": people[(place + step) % len(people)]}

    def _key(self):
        """A UUID of version 7 (RFC 9562 section 5.7), a second after the one before, and its time."""
        self.seconds += 1
        moment = START + datetime.timedelta(seconds=self.seconds)
        high, low = self.chance.getrandbits(12), self.chance.getrandbits(62)
        text = f"{int(moment.timestamp()) * 1000 << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"
        return (f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}",
                moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z"))


def _generator():
    """The tour's generator, for its words and for chance that no library's version can change."""
    spec = importlib.util.spec_from_file_location("generate", os.path.join(TOUR, "generate.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
