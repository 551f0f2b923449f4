"""The library by HTTP."""

from datetime import datetime, timedelta

import pytest

from tests.server.api.conftest import Starter
from tests.server.api.running import Running, refused, tone
from tests.server.library.makers import NOBODY, check_laws, sound


def test_a_clip_tells_what_the_library_knows(server: Running) -> None:
    identifier = server.add(sound(1, prompt="heavy rain", steps=4), kind="take", name="rain on tin")
    entry = server.library.get(identifier)
    found = server.client.get(f"/v1/clips/{identifier}").json()
    recipe = entry.recipe
    assert recipe is not None
    assert found == {
        "id": identifier, "created": found["created"], "name": "rain on tin", "prompt": "heavy rain", "kind": "take",
        "seconds": entry.seconds, "sample_rate": 8000, "channels": 1, "steps": 4, "seed": recipe.seed,
        "take": recipe.take, "omega": recipe.omega, "nu": recipe.nu, "gamma": recipe.gamma, "parents": [],
        "starred": False, "tags": [], "deleted": None, "loudness": entry.loudness, "similarity": None, "job": None,
        "recipe": recipe.model_dump(mode="json"),
    }  # fmt: skip
    created = datetime.fromisoformat(found["created"])
    assert created == entry.created and created.utcoffset() == timedelta(0)


def test_what_has_no_recipe_has_null(server: Running) -> None:
    found = server.client.get(f"/v1/clips/{server.add()}").json()
    assert [found[key] for key in ("steps", "seed", "take", "omega", "nu", "gamma", "recipe")] == [None] * 7


def test_search_by_words_tags_stars_and_kind(server: Running) -> None:
    a, b = server.add(name="blue whale song"), server.add(name="blue door")
    server.client.patch(f"/v1/clips/{a}", json={"tags": ["sea", "slow"], "starred": True})
    server.client.patch(f"/v1/clips/{b}", json={"tags": ["slow"]})

    def ids(**query: object) -> list[str]:
        answer = server.client.get("/v1/clips", params={"text": "blue", **query})
        return [clip["id"] for clip in answer.json()["clips"]]

    assert ids() == [b, a]
    assert ids(tag=["slow", "sea"]) == [a]
    assert ids(starred="true") == [a] and ids(starred="false") == [b]
    assert ids(kind="upload") == [b, a] and ids(kind="take") == []
    assert ids(deleted="true") == []


def test_pages_lead_to_each_other(server: Running) -> None:
    made = [server.add(name=f"paged {i}") for i in range(5)]
    seen, cursor = [], None
    while True:
        query = {"text": "paged", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = server.client.get("/v1/clips", params=query).json()
        seen += [clip["id"] for clip in page["clips"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1] and page["scores"] is None


def test_search_by_likeness_has_scores(server: Running) -> None:
    import numpy as np

    one, near, far = (
        server.add(name=name, embedding=np.asarray(vector))
        for name, vector in [("a", [1.0, 0, 0]), ("b", [0.9, 0.1, 0]), ("c", [0, 0, 1.0])]
    )
    page = server.client.get("/v1/clips", params={"similar_to": one}).json()
    assert [clip["id"] for clip in page["clips"]] == [near, far]
    assert page["scores"][0] > 0.9 > page["scores"][1]


def test_a_change_is_all_or_nothing(server: Running) -> None:
    identifier = server.add(name="before")
    changed = server.client.patch(f"/v1/clips/{identifier}", json={"name": "after", "starred": True, "tags": ["x"]})
    assert {**changed.json(), "name": "after", "starred": True, "tags": ["x"]} == changed.json()
    for body, field in [({"name": "bad/name"}, "name"), ({"name": "fine", "tags": ["a\nb"]}, None), ({}, None)]:
        error = refused(server.client.patch(f"/v1/clips/{identifier}", json=body), 400)
        assert error["field"] in (field, "tags", None)
    assert server.client.get(f"/v1/clips/{identifier}").json() == changed.json()


def test_deleting_and_undoing(server: Running) -> None:
    ids = [server.add(name=f"gone {i}") for i in range(3)]
    one = server.client.delete(f"/v1/clips/{ids[0]}").json()["undo"]
    two = server.client.post("/v1/clips/delete", json={"ids": ids}).json()["undo"]
    assert server.client.get("/v1/clips", params={"text": "gone"}).json()["clips"] == []
    assert server.client.get(f"/v1/clips/{ids[0]}").json()["deleted"] is not None
    back = server.client.post("/v1/undo", json={"token": two}).json()["clips"]
    assert {clip["id"] for clip in back} == set(ids[1:])
    assert server.client.post("/v1/undo", json={"token": one}).json()["clips"][0]["id"] == ids[0]
    refused(server.client.post("/v1/undo", json={"token": one}), 404)


def test_what_is_deleted_already_has_nothing_to_undo(server: Running) -> None:
    one, two = server.add(), server.add()
    first = server.client.delete(f"/v1/clips/{one}").json()
    assert first["deleted"] == [one] and server.client.delete(f"/v1/clips/{one}").json() == {
        "deleted": [], "undo": None
    }  # fmt: skip
    both = server.client.post("/v1/clips/delete", json={"ids": [one, two]}).json()
    assert both["deleted"] == [two]
    for answer in (first, both):
        (clip,) = server.client.post("/v1/undo", json={"token": answer["undo"]}).json()["clips"]
        assert [clip["id"]] == answer["deleted"] and clip["deleted"] is None


def test_all_that_is_deleted_is_purged_or_what_was_long_ago(start: Starter) -> None:
    server = start()
    kept, *ids = (server.add(name=f"trash {i}") for i in range(4))
    server.client.post("/v1/clips/delete", json={"ids": ids})
    size = sum(server.library.get(identifier).path.stat().st_size for identifier in ids)
    assert server.client.post("/v1/clips/empty", json={"days": 1}).json() == {"purged": 0, "bytes": 0}
    assert server.client.post("/v1/clips/empty", json={}).json() == {"purged": 3, "bytes": size}
    assert set(check_laws(server.library)) == {kept}


def test_restoring(server: Running) -> None:
    ids = [server.add(name=f"lost {i}") for i in range(3)]
    server.client.post("/v1/clips/delete", json={"ids": ids})
    assert server.client.post(f"/v1/clips/{ids[0]}/restore").json()["deleted"] is None
    back = server.client.post("/v1/clips/restore", json={"ids": ids}).json()["clips"]
    assert [clip["id"] for clip in back] == ids
    refused(server.client.post("/v1/clips/restore", json={"ids": []}), 400)


def test_the_bin_is_emptied_for_good(server: Running) -> None:
    ids = [server.add(name=f"trash {i}") for i in range(4)]
    for identifier in ids[:3]:
        server.client.delete(f"/v1/clips/{identifier}")
    seen, cursor = [], None
    while len(seen) < 3:
        query = {"text": "trash", "deleted": True, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = server.client.get("/v1/clips", params=query).json()
        seen += [clip["id"] for clip in page["clips"]]
        cursor = page["next_cursor"]
    assert seen == ids[2::-1] and cursor is None
    paths = [server.library.get(identifier).path for identifier in ids]
    error = refused(server.client.post("/v1/clips/purge", json={"ids": [ids[0], ids[3]]}), 409)
    assert ids[3] in error["message"] and ids[0] not in error["message"] and paths[0].is_file()
    refused(server.client.post("/v1/clips/purge", json={"ids": []}), 400)
    refused(server.client.post("/v1/clips/purge", json={"ids": [NOBODY]}), 404)
    size = sum(path.stat().st_size for path in paths[:2])
    answer = server.client.post("/v1/clips/purge", json={"ids": ids[:2]})
    assert answer.status_code == 200 and answer.json() == {"purged": 2, "bytes": size}
    assert [path.is_file() for path in paths] == [False, False, True, True]
    for identifier in ids[:2]:
        refused(server.client.get(f"/v1/clips/{identifier}"), 404)
        refused(server.client.get(f"/v1/clips/{identifier}/audio"), 404)
    refused(server.client.post("/v1/clips/restore", json={"ids": ids[:3]}), 404)
    assert [clip["id"] for clip in server.client.post("/v1/clips/restore", json={"ids": [ids[2]]}).json()["clips"]] == [
        ids[2]
    ]


def test_deleting_is_all_or_nothing(server: Running) -> None:
    identifier = server.add()
    refused(server.client.post("/v1/clips/delete", json={"ids": [identifier, NOBODY]}), 404)
    assert server.client.get(f"/v1/clips/{identifier}").json()["deleted"] is None
    too_many = [f"{i:032x}" for i in range(1001)]
    for path in ("clips/delete", "clips/restore", "clips/purge", "export"):
        error = refused(server.client.post(f"/v1/{path}", json={"ids": too_many}), 400)
        assert error["message"].startswith("ids has 1,001") and "several parts" in error["message"]
    assert server.client.get("/v1/model").json()["limits"]["ids"] == 1000
    schemas = server.client.get("/openapi.json").json()["components"]["schemas"]
    for name in ("Ids", "Export"):
        assert schemas[name]["properties"]["ids"]["maxItems"] == 1000


def test_a_tree_shows_descent(server: Running) -> None:
    root = server.add(name="root")
    child = server.add(tone(frequency=300), parents=[root], kind="edit")
    grandchild = server.add(tone(frequency=200), parents=[child], kind="edit")
    tree = server.client.get(f"/v1/clips/{child}/tree").json()
    assert tree["root"] == child and tree["missing"] == []
    assert [clip["id"] for clip in tree["clips"]] == [root, child, grandchild]
    assert sorted(tree["links"]) == sorted([[root, child], [child, grandchild]])


def test_changes_since_a_number(server: Running) -> None:
    before = server.client.get("/v1/changes").json()["serial"]
    identifier = server.add()
    found = server.client.get("/v1/changes", params={"since": before}).json()
    assert found["ids"] == [identifier] and found["serial"] > before and found["gone"] == []


@pytest.mark.parametrize("path", ["", "/audio", "/peaks", "/spectrogram.png", "/tree"])
@pytest.mark.parametrize("name", [NOBODY, "x", "%00", "..%2f..%2fetc%2fpasswd", "A" * 32])
def test_unknown_ids_are_not_found(server: Running, path: str, name: str) -> None:
    refused(server.client.get(f"/v1/clips/{name}{path}"), 404)


def test_certain_sounds_by_their_ids(server: Running) -> None:
    a, b, c = (server.add() for _ in range(3))
    server.library.delete([b])
    answer = server.client.get("/v1/clips", params={"ids": [c, NOBODY, b, c]}).json()
    assert [clip["id"] for clip in answer["clips"]] == [c, b]
    assert answer["clips"][1]["deleted"] and answer["next_cursor"] is None and answer["scores"] is None
    assert server.client.get("/v1/clips", params={"ids": NOBODY}).json()["clips"] == []
    assert "text" in refused(server.client.get("/v1/clips", params={"ids": a, "text": "x"}), 400)["message"]
    refused(server.client.get("/v1/clips", params={"ids": [f"{i:032x}" for i in range(201)]}), 400)
