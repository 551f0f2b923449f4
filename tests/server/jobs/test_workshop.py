"""Jobs go in, sounds come out: each what its recipe gives alone, however busy the workshop is."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from soundctm import Clip, SoundCTM
from soundctm.audio.io import from_pcm24, to_pcm24
from soundctm.errors import UserError
from soundctm.forbidden import Filter, Rule
from soundctm.server.jobs import (
    DeclipRequest,
    ExtendBandwidthRequest,
    ExtendRequest,
    FillRequest,
    GenerateRequest,
    Job,
    JoinRequest,
    LoopRequest,
    MorphRequest,
    RefineRequest,
    Request,
    TransformRequest,
    VaryRequest,
    Workshop,
)
from soundctm.server.library import Library, LibraryMiss
from tests.server.jobs.makers import watched


def finished(workshop: Workshop, request: Request) -> Job:
    """The job of a request, when it has ended well."""
    *_, last = watched(workshop, workshop.submit(request).id)
    assert last.state == "done", last.error
    return last


def in_file(samples: np.ndarray) -> np.ndarray:
    """Samples as a 24-bit file keeps them."""
    return from_pcm24(to_pcm24(samples))


def assert_made_alone(model: SoundCTM, library: Library, identifier: str) -> None:
    """A sound of the library is to the last bit what its recipe gives by itself."""
    clip = library.clip(identifier)
    assert clip.recipe is not None
    (alone,) = model.replay([clip.recipe], sources=library.sources(clip.recipe))
    np.testing.assert_array_equal(in_file(alone.samples), clip.samples)


def test_takes_of_many_jobs_at_once_are_what_their_recipes_give_alone(
    model: SoundCTM, library: Library, workshop: Workshop
) -> None:
    requests = [
        GenerateRequest(prompt="rain", takes=5, steps=3, seed=1),
        GenerateRequest(prompt="a bell", takes=3, steps=3, seed=2, gamma=0.5),
        GenerateRequest(prompt="thunder", takes=2, steps=1, seconds=0.6),
        GenerateRequest(prompt="three knocks", takes=2, steps=2, seconds=5.0, nu=2.0, negative="rain"),
        GenerateRequest(prompt="a bell", takes=1, steps=2, loop=True),
    ]
    jobs = [workshop.submit(request, client=str(i % 2)) for i, request in enumerate(requests)]
    for job, request in zip(jobs, requests, strict=True):
        *_, last = watched(workshop, job.id)
        assert last.state == "done"
        assert last.done == last.total == request.takes * request.steps
        takes = sorted(library.get(entry).recipe.take for entry in last.entries)  # type: ignore[union-attr]
        assert takes == list(range(request.takes))
        for entry in last.entries:
            assert_made_alone(model, library, entry)


def test_a_refined_take_is_what_the_model_refines(model: SoundCTM, library: Library, workshop: Workshop) -> None:
    first = finished(workshop, GenerateRequest(prompt="rain", takes=1, seed=3)).entries[0]
    refined = finished(workshop, RefineRequest(clip=first, steps=5)).entries[0]
    np.testing.assert_array_equal(
        library.clip(refined).samples, in_file(model.refine(library.clip(first), steps=5).samples)
    )
    entry = library.get(refined)
    assert (entry.kind, entry.parents, entry.steps, entry.seed) == ("refined", (first,), 5, 3)


def recording() -> Clip:
    """A tone of a second with clipped tops."""
    x = 0.8 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    return Clip(np.clip(x, -0.5, 0.5).astype(np.float32)[None], 8000)


EDITS: list[tuple[type[Request], dict[str, object]]] = [
    (FillRequest, {"start": 0.3, "end": 0.6}),
    (ExtendRequest, {"after": 0.5, "prompt": "rain"}),
    (LoopRequest, {"seam": 0.2}),
    (TransformRequest, {"strength": 0.5, "prompt": "rain"}),
    (ExtendBandwidthRequest, {"cutoff": 1000.0}),
    (DeclipRequest, {"level": 0.5}),
]


@pytest.mark.parametrize(("kind", "fields"), EDITS, ids=lambda value: getattr(value, "kind", ""))
def test_an_edit_of_a_recording_can_be_made_again(
    model: SoundCTM, library: Library, workshop: Workshop, kind: type[Request], fields: dict[str, object]
) -> None:
    upload = library.add(recording(), kind="upload").id
    made = finished(workshop, kind.model_validate({"clip": upload, "steps": 2, **fields})).entries[0]
    entry = library.get(made)
    assert (entry.kind, entry.parents) == ("edit", (upload,))
    assert entry.recipe is not None and entry.recipe.edit is not None
    assert entry.recipe.edit.kind == kind.kind
    assert_made_alone(model, library, made)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda a, b: JoinRequest(clip=a, other=b, gap=0.2, steps=2),
        lambda a, b: MorphRequest(clip=a, other=b, amount=0.5, steps=2),
    ],
    ids=["join", "morph"],
)
def test_two_takes_become_one(model: SoundCTM, library: Library, workshop: Workshop, request_of) -> None:  # type: ignore[no-untyped-def]
    a, b = (finished(workshop, GenerateRequest(prompt=p, takes=1)).entries[0] for p in ("rain", "a bell"))
    made = finished(workshop, request_of(a, b)).entries[0]
    assert library.get(made).parents == (a, b)
    assert_made_alone(model, library, made)


def test_relatives_and_circles_of_a_take(model: SoundCTM, library: Library, workshop: Workshop) -> None:
    take = finished(workshop, GenerateRequest(prompt="rain", takes=1)).entries[0]
    relatives = finished(workshop, VaryRequest(clip=take, takes=3, steps=2)).entries
    assert sorted(library.get(entry).recipe.variation for entry in relatives) == [1, 2, 3]  # type: ignore[union-attr]
    (circle,) = finished(workshop, LoopRequest(clip=take, steps=2)).entries
    recipe = library.get(circle).recipe
    assert recipe is not None and recipe.loop and recipe.edit is None
    for entry in (*relatives, circle):
        assert_made_alone(model, library, entry)


def test_an_edit_is_refined_with_its_recording(model: SoundCTM, library: Library, workshop: Workshop) -> None:
    upload = library.add(recording(), kind="upload").id
    filled = finished(workshop, FillRequest(clip=upload, start=0.2, end=0.5, steps=1)).entries[0]
    refined = finished(workshop, RefineRequest(clip=filled, steps=3)).entries[0]
    assert library.get(refined).steps == 3
    assert_made_alone(model, library, refined)


def test_what_cannot_be_made_is_refused_before_there_is_a_job(library: Library, workshop: Workshop) -> None:
    upload = library.add(recording(), kind="upload").id
    bad: list[tuple[Request, str]] = [
        (GenerateRequest(prompt=" "), "the prompt is empty"),
        (GenerateRequest(prompt="rain", steps=0), "steps is 0"),
        (GenerateRequest(prompt="rain", takes=0), "takes is 0"),
        (GenerateRequest(prompt="rain", seed=-1), "seed is -1"),
        (RefineRequest(clip=upload), "carries no recipe"),
        (FillRequest(clip=upload, start=0.5, end=0.2), "the gap goes from"),
    ]
    for request, why in bad:
        with pytest.raises(UserError, match=why):
            workshop.submit(request)
    with pytest.raises(LibraryMiss):
        workshop.submit(RefineRequest(clip="0" * 32))
    assert library.jobs() == ()


def test_an_edit_whose_recording_is_gone_is_not_taken_on(library: Library, workshop: Workshop, tmp_path: Path) -> None:
    upload = library.add(recording(), kind="upload").id
    filled = finished(workshop, FillRequest(clip=upload, start=0.2, end=0.5, steps=1)).entries[0]
    with (
        Library.open(tmp_path / "other") as other, Workshop(workshop.model, other) as elsewhere,
        pytest.raises(UserError, match="give it with"),
    ):  # fmt: skip
        elsewhere.submit(RefineRequest(clip=other.add(library.clip(filled), kind="upload").id))


def test_jobs_come_from_many_threads(model: SoundCTM, library: Library, workshop: Workshop) -> None:
    entries: list[str] = []

    def client(number: int) -> None:
        entries.extend(finished(workshop, GenerateRequest(prompt="rain", takes=2, steps=2, seed=number)).entries)

    threads = [threading.Thread(target=client, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(entries)) == 16
    for entry in entries:
        assert_made_alone(model, library, entry)


def test_how_alike_a_take_and_its_refinement_are_is_known(model: SoundCTM, library: Library) -> None:
    def spectrum(clip: Clip) -> np.ndarray:
        magnitude: np.ndarray = np.abs(np.fft.rfft(clip.samples[0]))[:64]
        return magnitude

    with Workshop(model, library, embed=spectrum) as workshop:
        first = finished(workshop, GenerateRequest(prompt="rain", takes=1)).entries[0]
        second = finished(workshop, RefineRequest(clip=first, steps=4)).entries[0]
    a, b = (spectrum(library.clip(entry)) for entry in (first, second))
    assert library.get(second).similarity == pytest.approx(
        float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), abs=1e-3
    )


def test_forbidden_words_are_refused_in_whatever_way_they_come(
    model: SoundCTM, library: Library, workshop: Workshop
) -> None:
    """Typed, in a sound that was made before they were forbidden, or as the other end of a morph."""
    (rain,) = finished(workshop, GenerateRequest(prompt="rain", takes=1, seed=1)).entries
    (bell,) = finished(workshop, GenerateRequest(prompt="a bell", takes=1, seed=2)).entries
    forbidden = Filter((Rule("rain", re.compile("rain")),))
    with Workshop(model, library, forbidden=forbidden) as strict:
        for request in (
            GenerateRequest(prompt="heavy Rain"), RefineRequest(clip=rain, steps=4), VaryRequest(clip=rain, gamma=0.3),
            MorphRequest(clip=bell, other=rain, amount=0.5), MorphRequest(clip=rain, other=bell, amount=0.5),
            TransformRequest(clip=bell, prompt="rain", strength=0.5),
        ):  # fmt: skip
            with pytest.raises(UserError, match="the list of what is forbidden has 'rain'"):
                strict.submit(request)
        assert strict.load.waiting == 0
        finished(strict, RefineRequest(clip=bell, steps=2))
