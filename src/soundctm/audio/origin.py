"""What a file says of its origin: which model made it, from what, under which licence, and that it is synthetic."""

from dataclasses import dataclass

from soundctm.audio.recipe import Recipe

SYNTHETIC = "synthetic"
NOT_STATED = "not stated"
MADE_BY = "SYNTHETIC sound, made by soundctm"  # how the sentence on the origin begins
RIGHTS = "licence of the model: "


def clean(text: str) -> str:
    """A text that every kind of file can hold: control characters become spaces, half characters question marks."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in whole)


@dataclass(frozen=True)
class Origin:
    """Where the sound of a recipe comes from; ``licence`` is what the model's card says, or who delivers it."""

    recipe: Recipe
    licence: str = NOT_STATED

    @property
    def software(self) -> str:
        """``soundctm 0.1.0``: what made the take."""
        return clean(f"soundctm {self.recipe.version}")

    @property
    def model(self) -> str:
        """The model's name and hash; of a folder its last part, as a path is nobody else's business."""
        return f"{self.model_name} {self.recipe.model_hash}"

    @property
    def model_name(self) -> str:
        """The model's name: of a folder its last part."""
        name = self.recipe.model.replace("\\", "/").rstrip("/")
        return name.rsplit("/", 1)[-1] if name.startswith(("/", ".", "~")) or ":" in name else name

    @property
    def rights(self) -> str:
        """What a copyright field says of the licence."""
        return f"{RIGHTS}{clean(self.licence)}"

    @property
    def making(self) -> str:
        """All of the sentence but the prompt, which stands in front where room is short."""
        made = f"{MADE_BY} {self.recipe.version} with model {self.model}"
        recipe = self.recipe
        relative = "".join(f", relative {turn.variation} turned by {turn.share:.3g}" for turn in recipe.turns)
        take = f"seed {recipe.seed}, take {recipe.take + 1}{relative}, steps {recipe.steps}"
        recordings = ", ".join(source.name for source in self.recipe.sources)
        edit = self.recipe.edit
        changed = "" if edit is None else f"; {edit.kind}" + (f" of {recordings}" if recordings else "")
        return clean(f"{made}; licence: {self.licence}; {take}{changed}")

    @property
    def statement(self) -> str:
        """One sentence for people, in every kind of file the same."""
        words = f'prompt "{self.recipe.prompt}"' if self.recipe.prompt else "no prompt"
        return clean(f"{self.making}; {words}")
