"""What the tests of ``deliver``, ``verify`` and ``info`` share."""

import json
from collections.abc import Callable

from tests.oracles.commands import Result

LIST = (
    "Category,SubCategory,CatID,CatShort,Explanations,Synonyms\n"
    'RAIN,GENERAL,RAINGen,RAIN,wet,"rainfall, drizzle, downpour"\n'
    'DOORS,WOOD,DOORWood,DOOR,hinged,"wooden door, creak, slam, knock"\n'
)
UCS = ["--creator", "ANN", "--source-id", "STORM"]


def verdicts(run: Callable[..., Result], *arguments: object, code: int = 0) -> list[str]:
    """What ``verify`` says of each file."""
    result = run("verify", *arguments, "--json")
    assert result.code == code, result.err
    return [entry.get("verdict", "unread") for entry in json.loads(result.out)["files"]]
