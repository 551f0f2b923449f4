"""Where the setup departs from the paper's, and why."""

from typing import Any

HEADER = ("what", "paper (16 kHz; 44.1 kHz)", "here", "why")
Rows = list[tuple[str, str, str, str]]


def rows(figures: dict[str, Any]) -> Rows:
    """What differs, the paper's way, ours, and the reason."""
    return [*_material(figures), *_training(figures["settings"]), *_evaluation(figures)]


def _material(figures: dict[str, Any]) -> Rows:
    settings, model = figures["settings"], figures["model"]
    kilohertz = f"{model['sample_rate'] / 1000:g} kHz"
    return [
        ("data", "AudioCaps: 47,289 recordings of 10 s with written captions",
         f"{settings['clips']:,} procedural clips of {model['seconds']:g} s with made captions",
         "made on the spot: no download, no licence, exact classes"),
        ("networks", "UNet of 866 M parameters; DiT of 1.2 B", f"DiT of {model['student']:.1f} M",
         "a core instead of eight H100"),
        ("teacher", "TANGO in EDM's form; a DiT of 1.2 B", f"the model's own, {model['teacher']:.1f} M, of real and "
         "procedural sounds", "shared by all students, as in the paper"),
        ("autoencoder", "VAE-GAN with HiFi-GAN; DAC without quantiser, 63.5 M",
         f"the model's, {model['autoencoder']:.1f} M, {kilohertz}", "fast on a CPU; \"Scale of FD\" has its loss"),
        ("text", "FLAN-T5-Large; CLAP", "the model's small encoder", "ships with the model"),
    ]  # fmt: skip


def _training(settings: dict[str, Any]) -> Rows:
    training = settings["training"]
    optimizer, noise = training["optimizer"], training["noise"]
    intervals, stride = training["max_solver_steps"], training["solver_stride"]
    return [
        ("length", "batch of 64; 10,000 steps of 192", f"{settings['steps']} steps of {training['batch']}",
         "minutes for each of fifteen students"),
        ("optimiser", "RAdam, 8e-5", f"{optimizer['name']}, {optimizer['learning_rate']:g}, {training['schedule']} "
         "schedule", "gets further in few steps"),
        ("solver from t to u", "up to 39 grid intervals, a Heun step for each",
         f"up to {intervals}, a Heun step for {stride}: {-(-intervals // stride)} at most; one count for a batch",
         "the solver is most of a step's cost"),
        ("guidance in the solver", "mixes the ends of two solutions, with text and without",
         "on D in each evaluation of Heun", "the usual guided trajectory; the same for one Euler step"),
        ("omega in training", "U[2, 5] at 44.1 kHz; U[1, 7] for Figure 12",
         f"U[{training['omega_min']:g}, {training['omega_max']:g}]", "the grid starts at 1"),
        ("DSM loss (Eq. 8)", "squares not weighted", "weighted by lambda(sigma), as the teacher's",
         "unweighted, the highest levels outweigh all others"),
        ("theta_L of its adaptive weight", "the last layer of the student's network",
         "the matrix before the 1 x 1 convolution that ends it", "the convolution adds to what that matrix gives"),
        ("log-normal half of its times", "ln sigma ~ N(-1.2, 1.2²)", f"N({noise['mean']:g}, {noise['std']:g}²)",
         "as the model's teacher: its latents take shape at higher noise"),
        ("weights that are sampled", "average of rate 0.999; 0.96, also the target's",
         f"average of rate {training['ema']:g}; target's {training['mu']:g}", "evens out small batches"),
        ("augmentation", "clips mixed in pairs (16 kHz)", "none; a part of the clips holds several classes",
         "latents are encoded once"),
        ("GAN (16 kHz)", "DAC's discriminators", "38 thousand parameters, half a second of sound",
         "the full ones cost several times the student"),
    ]  # fmt: skip


def _evaluation(figures: dict[str, Any]) -> Rows:
    settings = figures["settings"]
    return [
        ("evaluator", "VGGish, PaSST and CLAP; OpenL3", "one of the package: FD of its embedding, its classes",
         "ships with the package; knows the procedural classes"),
        ("captions", "957; 4,875 of AudioCaps' test", f"{settings['takes']}; {settings['grid_takes']} in the grid",
         "time; few takes raise every FD"),
        ("omega and nu of takes", "omega 3 to 5; nu 1.5 to 5 in 8 and 16 steps",
         f"omega {figures['omega']:g}, nu 1 unless said otherwise", "the model's defaults"),
        ("repetitions", "one figure for each", f"{len(figures['seeds'])} seeds", "to tell a trend from chance"),
    ]  # fmt: skip
