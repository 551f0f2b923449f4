"""What a file says of its origin: which model made it, from what, under which licence, and that it is synthetic."""

import re
from dataclasses import dataclass

from soundctm.audio import Recipe

SYNTHETIC = "synthetic"
NOT_STATED = "not stated"
# A model card says its licence in a line of its own, or in the block of fields at its head.
CARD_LICENCE = re.compile(r"^(?:licence of the weights|licen[cs]e):\s*(.+?)\.?\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Origin:
    """Where the sound of a recipe comes from; ``licence`` is what the model's card says, or who delivers it."""

    recipe: Recipe
    licence: str = NOT_STATED

    @property
    def software(self) -> str:
        """``soundctm 0.1.0``: what made the take."""
        return f"soundctm {self.recipe.version}"

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
    def statement(self) -> str:
        """One sentence for people, in every kind of file the same."""
        made = f"SYNTHETIC sound, made by {self.software} with model {self.model}"
        take = f"seed {self.recipe.seed}, take {self.recipe.take + 1}, steps {self.recipe.steps}"
        words = f'prompt "{self.recipe.prompt}"' if self.recipe.prompt else "no prompt"
        recordings = ", ".join(source.name for source in self.recipe.sources)
        edit = self.recipe.edit
        changed = "" if edit is None else f"; {edit.kind}" + (f" of {recordings}" if recordings else "")
        return f"{made}; licence: {self.licence}; {take}{changed}; {words}"


def licence_in(card: str) -> str:
    """The licence that a model card (Markdown) states; ``not stated`` where it states none."""
    found = CARD_LICENCE.search(card)
    return found.group(1).strip("\"'") if found else NOT_STATED
