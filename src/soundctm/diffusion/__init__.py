"""EDM: noise schedule, preconditioning, solvers and guidance of the teacher."""

from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.precond import denoise
from soundctm.diffusion.schedule import sigma_grid
from soundctm.diffusion.solvers import heun

__all__ = ["denoise", "guided_denoiser", "heun", "sigma_grid"]
