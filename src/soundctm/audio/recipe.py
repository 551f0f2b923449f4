"""The recipe of a take: everything that makes its samples."""

from pydantic import BaseModel, ConfigDict, ValidationError

from soundctm.errors import UserError


class Recipe(BaseModel):
    """A take is a pure function of these fields, the device and the dtype.

    ``seed`` and ``take`` give the noise; ``steps`` network evaluations bring it to a sound of ``seconds``; ``omega`` is
    the guidance scale distilled into the student, ``nu`` weighs text against unconditional jumps, ``gamma`` is the
    stochasticity (0 deterministic). ``model_hash`` names the weights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str
    seed: int
    take: int
    steps: int
    seconds: float
    omega: float
    nu: float
    gamma: float
    model: str
    model_hash: str
    sample_rate: int
    version: str

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "Recipe":
        """Parse a stored recipe; ``source`` names where it came from in the error."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "recipe"
            raise UserError(f"{source} carries a recipe that cannot be read ({where}: {first['msg']})") from error
