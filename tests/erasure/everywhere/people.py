"""Who is in the estate: one person with values that stand nowhere else, and others with unlike ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """`formerly` is an address they had before, which only old versions of rows and files still know."""

    number: int
    name: str
    email: str
    formerly: str
    phone: str
    street: str
    ip: str
    card: str

    def note(self) -> str:
        """A text that names them, as a letter does."""
        return f"Dear support, {self.name} writes from {self.street}. Call {self.phone} or write to {self.email}."

    def numbered(self, place: int) -> int:
        """The key of something of theirs, in which their own number stands."""
        return self.number * 100 + place

    def values(self) -> dict[str, str]:
        """All that tells who they are, by what it is."""
        return {
            "number": str(self.number),
            "name": self.name,
            "e-mail": self.email,
            "former e-mail": self.formerly,
            "telephone": self.phone,
            "street": self.street,
            "address on the network": self.ip,
            "card": self.card,
        }


ZDENKA = Person(
    734012988551,
    "Zdeňka Quillfeather",
    "zdenka.quillfeather@post.example",
    "zq.before@post.example",
    "+420 776 918 273",
    "Hrdličkova 2187/14",
    "203.0.113.217",
    "4929 7183 5520 6614",
)
BO = Person(
    218840177602,
    "Bo Berg",
    "bo.berg@brev.example",
    "bo.b@brev.example",
    "+46 8 5512 3344",
    "Lönnvägen 9",
    "198.51.100.23",
    "5391 2230 1178 4402",
)
CHIARA = Person(
    561193340718,
    "Chiara Moretti",
    "chiara.moretti@lettera.example",
    "c.m@lettera.example",
    "+39 06 4478 1290",
    "Via dei Tigli 31",
    "192.0.2.140",
    "3714 496353 98431",
)
DAVID = Person(
    905527461183,
    "David Okonkwo",
    "david.okonkwo@letter.example",
    "d.o@letter.example",
    "+234 1 270 8855",
    "Marina Road 77",
    "2001:db8::77",
    "6011 0009 9013 9424",
)
OTHERS = (BO, CHIARA, DAVID)
EVERYBODY = (BO, ZDENKA, CHIARA, DAVID)
